// bf16 and tf32 are what kernels/precision.h says they are: on the reference to the bit, on the
// others as far as f32 sums agree. What a processor cannot multiply is skipped by name; all else is
// checked anywhere.

#include "kernels/precision.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/cells.h"
#include "kernels/cpu/backend.h"
#include "tests/kernels/agreement.h"
#include "tests/kernels/layers.h"
#include "tests/kernels/operator_cases.h"
#include "tests/support/catch.h"

namespace {

using agreement::check_agreement;
using kernels::Precision;
using operands::Backend;
using operands::Operands;
using Views = layers::Views;

// By the wire's loops, which know nothing of precision.h.
std::vector<float> rounded(const std::vector<float>& numbers) {
  std::vector<std::uint16_t> cells(numbers.size());
  std::vector<float> result(numbers.size());
  kernels::cells::to_bf16(numbers, cells);
  REQUIRE(kernels::cells::from_bf16(cells, result));
  return result;
}

// Without the last 13 bits of each, by arithmetic in f64 instead of on bits.
std::vector<float> cut_to_tf32(const std::vector<float>& numbers) {
  std::vector<float> result(numbers.size());
  std::ranges::transform(numbers, result.begin(), [](float x) {
    int exponent = 0;
    const double digits = std::frexp(static_cast<double>(x), &exponent);  // ties go to even
    return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(digits, 11)), exponent - 11));
  });
  return result;
}

std::vector<float> rounded_to(Precision precision, const std::vector<float>& numbers) {
  return precision == Precision::kBf16 ? rounded(numbers) : cut_to_tf32(numbers);
}

// The factors of a layer's products.
Operands<float> with_rounded_factors(Precision precision, Operands<float> start) {
  for (const std::size_t i : {layers::kIn, layers::kWeight, layers::kDOut})
    start[i] = rounded_to(precision, start[i]);
  return start;
}

template <typename Shape>
Operands<float> forward_on(Backend& backend, const Shape& shape, const Operands<float>& start) {
  return layers::after_forward(backend, shape, start);
}
template <typename Shape>
Operands<float> backward_on(Backend& backend, const Shape& shape, const Operands<float>& start) {
  return operands::run_on(backend, start,
                          [&](Backend& b, Views v) { layers::backward(b, shape, v); });
}

// Calls action(shape, operands) for all cases of the tables of layers.
template <typename Action>
void for_all_layers(Action action) {
  const auto for_table = [&](const auto& table) {
    for (const auto& each : table) {
      CAPTURE(each.name, each.seed);
      action(each, layers::random_operands(each.shape, each.seed));
    }
  };
  for_table(operator_cases::kDense);
  for_table(operator_cases::kConv);
}

// Of one product: both factors are off by 2^-8 at most, in tf32 by 2^-10.
double error_max_of(Precision precision) {
  const double of_factor = precision == Precision::kBf16 ? 0x1p-8 : 0x1p-10;
  return 2 * of_factor + of_factor * of_factor;
}

operands::Devices devices_and_reference(Precision precision) {
  operands::Devices devices = operands::open_devices(precision);
  devices.push_back(operands::open_reference(precision));
  return devices;
}

constexpr std::array kCoarse{Precision::kBf16, Precision::kTf32};

// Both passes of one layer of the table, on all devices as on the oracle.
template <typename Case>
void check_layer(Backend& oracle, const operands::Devices& devices, const Case& each,
                 Operands<float> start) {
  const agreement::Tolerance tolerance{2.0 * each.tolerance};
  check_agreement(oracle, devices, start, tolerance,
                  [&](Backend& b, Views v) { layers::forward(b, each.shape, v); });
  start = forward_on(oracle, each.shape, start);
  check_agreement(oracle, devices, start, tolerance,
                  [&](Backend& b, Views v) { layers::backward(b, each.shape, v); });
}

}  // namespace

TEST_CASE("the nearest bf16 is that of the wire, and what is not finite stays so") {
  using Limits = std::numeric_limits<float>;
  runtime::Random random(1);
  std::vector<float> numbers{0.0F, 1.0F, -1.0F, 1.00390625F, 1.01171875F, Limits::denorm_min()};
  for (int i = 0; i < 100'000; ++i) {
    const double magnitude = std::exp2(random.uniform(-140.0, 127.9));
    numbers.push_back(static_cast<float>(random.below(2) == 0 ? magnitude : -magnitude));
  }
  const std::vector<float> expected = rounded(numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    CAPTURE(numbers[i]);
    REQUIRE(kernels::nearest_bf16(numbers[i]) == expected[i]);
    REQUIRE(kernels::nearest_bf16(expected[i]) == expected[i]);
  }
  CHECK(kernels::nearest_bf16(Limits::infinity()) == Limits::infinity());
  CHECK(kernels::nearest_bf16(-Limits::max()) == -Limits::infinity());
  CHECK(std::isnan(kernels::nearest_bf16(Limits::quiet_NaN())));
  CHECK(std::isnan(kernels::nearest_bf16(-Limits::signaling_NaN())));
}

TEST_CASE("the nearest tf32 has 11 significant bits, ties to even") {
  using Limits = std::numeric_limits<float>;
  runtime::Random random(2);
  std::vector<float> numbers{0.0F, -1.0F, 1.0F + 0x1p-11F, 1.0F + 0x3p-11F, 1.0F + 0x1p-23F};
  for (int i = 0; i < 100'000; ++i)
    numbers.push_back(
        static_cast<float>(random.uniform(-1.0, 1.0) * std::exp2(random.uniform(-100.0, 127.0))));
  const std::vector<float> expected = cut_to_tf32(numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    CAPTURE(numbers[i]);
    REQUIRE(kernels::nearest_tf32(numbers[i]) == expected[i]);
    REQUIRE(kernels::nearest_tf32(expected[i]) == expected[i]);
  }
  CHECK(kernels::nearest_tf32(1.0F + 0x1p-11F) == 1.0F);
  CHECK(kernels::nearest_tf32(1.0F + 0x3p-11F) == 1.0F + 0x1p-9F);
  CHECK(kernels::nearest_tf32(-Limits::max()) == -Limits::infinity());
  CHECK(std::isnan(kernels::nearest_tf32(Limits::signaling_NaN())));
}

TEST_CASE("a coarser layer on the reference is one of f32 whose factors were rounded, to the bit") {
  const Precision precision = GENERATE(from_range(kCoarse));
  CAPTURE(name_of(precision));
  const auto f32 = operands::open_reference();
  const auto coarse = operands::open_reference(precision);
  for_all_layers([&](const auto& each, Operands<float> start) {
    using layers::Layer;
    const Operands<float> factors = with_rounded_factors(precision, start);
    const std::vector<float> out = forward_on(*f32, each.shape, factors)[Layer::kOut];
    CHECK(forward_on(*coarse, each.shape, start)[Layer::kOut] == out);

    start[Layer::kOut] = out;
    Operands<float> of_factors = factors;
    of_factors[Layer::kOut] = out;
    const Operands<float> got = backward_on(*coarse, each.shape, start);
    const Operands<float> expected = backward_on(*f32, each.shape, of_factors);
    for (const std::size_t i : {Layer::kDIn, Layer::kDWeight}) CHECK(got[i] == expected[i]);
    // Of a bias nothing is a factor.
    const Operands<float> plain = backward_on(*f32, each.shape, start);
    CHECK(got[Layer::kDBias] == plain[Layer::kDBias]);
  });
}

TEST_CASE("a coarser product is off by no more than its factors' rounding, and it is rounded") {
  const Precision precision = GENERATE(from_range(kCoarse));
  CAPTURE(name_of(precision));
  const auto f32 = operands::open_reference();
  const operands::Devices devices = devices_and_reference(precision);
  for (const auto& [name, shape, tolerance, seed] : operator_cases::kDense) {
    CAPTURE(name, seed);
    Operands<float> start = layers::random_operands(shape, seed);
    std::ranges::fill(start[layers::kBias], 0.0F);
    kernels::DenseShape linear = shape;
    linear.activation = kernels::Activation::kNone;
    const std::vector<float> exact = forward_on(*f32, linear, start)[layers::kOut];
    Operands<float> magnitudes = start;
    for (std::vector<float>& numbers : magnitudes)
      for (float& x : numbers) x = std::abs(x);
    const std::vector<float> bound = forward_on(*f32, linear, magnitudes)[layers::kOut];
    for (const auto& device : devices) {
      CAPTURE(device->description());
      const std::vector<float> got = forward_on(*device, linear, start)[layers::kOut];
      double error_max = 0.0;
      for (std::size_t i = 0; i < got.size(); ++i) {
        const double error = std::abs(static_cast<double>(got[i]) - static_cast<double>(exact[i]));
        REQUIRE(error <= (error_max_of(precision) + tolerance) * static_cast<double>(bound[i]));
        error_max = std::max(error_max, error / static_cast<double>(bound[i]));
      }
      if (got.size() > 100) CHECK(error_max > error_max_of(precision) * 0x1p-7);
    }
  }
}

TEST_CASE("where all factors are that coarse already, layers give what they give in f32") {
  const Precision precision = GENERATE(from_range(kCoarse));
  CAPTURE(name_of(precision));
  const operands::Devices devices = devices_and_reference(precision);
  const auto f32 = operands::open_reference();
  for_all_layers([&](const auto& each, const Operands<float>& start) {
    check_layer(*f32, devices, each, with_rounded_factors(precision, start));
  });
}

TEST_CASE("layers of bf16 agree with the reference's on every device that has it") {
  const operands::Devices devices = operands::open_devices(Precision::kBf16);
  const auto oracle = operands::open_reference(Precision::kBf16);
  for_all_layers([&](const auto& each, const Operands<float>& start) {
    check_layer(*oracle, devices, each, start);
  });
}

TEST_CASE("the calls that bf16 takes on a CPU give the reference's layers when made with f32") {
  operands::Devices devices;
  for (const std::size_t threads : {1U, 2U})
    devices.push_back(
        std::make_unique<kernels::cpu::CpuBackend>(threads, kernels::cpu::Factors::kF32LikeBf16));
  const auto oracle = operands::open_reference();
  for_all_layers([&](const auto& each, const Operands<float>& start) {
    check_layer(*oracle, devices, each, start);
  });
}
