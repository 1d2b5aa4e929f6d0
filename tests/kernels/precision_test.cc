// bf16 is what kernels/precision.h says it is: on the reference to the bit, on the others as far as
// f32 sums agree. What a processor cannot multiply is skipped by name; all else is checked
// anywhere.

#include "kernels/precision.h"

#include <algorithm>
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

Operands<float> with_rounded(Operands<float> start, std::initializer_list<std::size_t> which) {
  for (const std::size_t i : which) start[i] = rounded(start[i]);
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

// Of one product: both factors are off by 2^-8 at most.
constexpr double kErrorMax = 2 * 0x1p-8 + 0x1p-16;

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

TEST_CASE("a layer of bf16 on the reference is one of f32 whose factors were rounded, to the bit") {
  const auto f32 = operands::open_reference();
  const auto bf16 = operands::open_reference(Precision::kBf16);
  for_all_layers([&](const auto& each, Operands<float> start) {
    using layers::Layer;
    const Operands<float> factors = with_rounded(start, {Layer::kIn, Layer::kWeight, Layer::kDOut});
    const std::vector<float> out = forward_on(*f32, each.shape, factors)[Layer::kOut];
    CHECK(forward_on(*bf16, each.shape, start)[Layer::kOut] == out);

    start[Layer::kOut] = out;
    Operands<float> of_factors = factors;
    of_factors[Layer::kOut] = out;
    const Operands<float> got = backward_on(*bf16, each.shape, start);
    const Operands<float> expected = backward_on(*f32, each.shape, of_factors);
    for (const std::size_t i : {Layer::kDIn, Layer::kDWeight}) CHECK(got[i] == expected[i]);
    // Of a bias nothing is a factor.
    const Operands<float> plain = backward_on(*f32, each.shape, start);
    CHECK(got[Layer::kDBias] == plain[Layer::kDBias]);
  });
}

TEST_CASE("a product of bf16 is off by no more than its factors' rounding, and it is rounded") {
  const auto f32 = operands::open_reference();
  operands::Devices devices = operands::open_devices(Precision::kBf16);
  devices.push_back(operands::open_reference(Precision::kBf16));
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
        REQUIRE(error <= (kErrorMax + tolerance) * static_cast<double>(bound[i]));
        error_max = std::max(error_max, error / static_cast<double>(bound[i]));
      }
      if (got.size() > 100) CHECK(error_max > 0x1p-14);
    }
  }
}

TEST_CASE("where all factors are bf16 already, layers give what they give in f32") {
  operands::Devices devices = operands::open_devices(Precision::kBf16);
  devices.push_back(operands::open_reference(Precision::kBf16));
  const auto f32 = operands::open_reference();
  for_all_layers([&](const auto& each, const Operands<float>& start) {
    using layers::Layer;
    check_layer(*f32, devices, each,
                with_rounded(start, {Layer::kIn, Layer::kWeight, Layer::kDOut}));
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
