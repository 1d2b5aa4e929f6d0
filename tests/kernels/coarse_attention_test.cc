// Attention where products are coarser than f32: on a processor the same, on a GPU as far from it
// as factors and results of bf16 make it, and on every device the same bits each time.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "tests/kernels/agreement.h"
#include "tests/kernels/operator_cases.h"
#include "tests/support/catch.h"

namespace {

using kernels::AttentionShape;
using kernels::Precision;
using operands::Backend;
using operands::Operands;
using Views = std::span<const operands::View>;

// Factors are off by 2^-8 at most, and exp() makes an error of a score one of a share. Scores of
// this size, with factors and results rounded as kernels/precision.h allows and all else in f64,
// came 0.012 off in these cases, 0.017 with the worst of 240 draws.
constexpr double kToleranceOfGpu = 0x1p-5;

enum Attention : std::size_t { kIn, kOut, kDOut, kDIn };

Operands<float> random_operands(const AttentionShape& shape, std::uint64_t seed) {
  runtime::Random random(seed);
  Operands<float> start;
  for (const std::size_t count :
       {shape.in_count(), shape.out_count(), shape.out_count(), shape.in_count()})
    start.push_back(operands::random_numbers<float>(count, random));
  for (float& x : start[kIn]) x *= 3.0F;  // some tokens look at few others
  return start;
}

void attend(Backend& backend, const AttentionShape& shape, Views v) {
  backend.attention_forward(shape, v[kIn], v[kOut]);
  backend.attention_backward(shape, v[kIn], v[kDOut], v[kDIn]);
}

Operands<float> attended(Backend& backend, const AttentionShape& shape,
                         const Operands<float>& start) {
  return operands::run_on(backend, start, [&](Backend& b, Views v) { attend(b, shape, v); });
}

}  // namespace

TEST_CASE("attention under bf16 is f32's, on a GPU nearly") {
  const auto f32 = operands::open_reference();
  const auto bf16 = operands::open_reference(Precision::kBf16);
  const operands::Devices devices = operands::open_devices(Precision::kBf16);
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kAttention) {
    const AttentionShape shape = shape_of_case;
    CAPTURE(name, seed);
    const Operands<float> start = random_operands(shape, seed);
    const Operands<float> expected = attended(*f32, shape, start);
    CHECK(attended(*bf16, shape, start) == expected);
    for (const auto& device : devices) {
      CAPTURE(device->description());
      agreement::check_same(expected, attended(*device, shape, start),
                            {device->is_host() ? tolerance : kToleranceOfGpu});
    }
  }
}

TEST_CASE("attention under tf32 is f32's on every device") {
  const auto f32 = operands::open_reference();
  const operands::Devices devices = operands::open_devices(Precision::kTf32);
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kAttention) {
    const AttentionShape shape = shape_of_case;
    CAPTURE(name, seed);
    agreement::check_agreement(*f32, devices, random_operands(shape, seed), {tolerance},
                               [&](Backend& b, Views v) { attend(b, shape, v); });
  }
}

TEST_CASE("attention repeats itself to the bit, in any precision") {
  // Many blocks of threads, which finish in any order.
  constexpr AttentionShape kShape{8, 321, 4, 32, true};
  const Operands<float> start = random_operands(kShape, 1);
  for (const Precision precision : {Precision::kF32, Precision::kBf16}) {
    CAPTURE(name_of(precision));
    for (const auto& device : operands::open_devices(precision)) {
      CAPTURE(device->description());
      const Operands<float> once = attended(*device, kShape, start);
      for (int i = 0; i < (device->is_host() ? 1 : 10); ++i)
        CHECK(attended(*device, kShape, start) == once);
    }
  }
}

TEST_CASE("attention has gradients that are numbers where all scores are far below zero") {
  for (const AttentionShape& shape :
       {AttentionShape{1, 64, 1, 64}, AttentionShape{2, 192, 2, 32}, AttentionShape{1, 65, 1, 32},
        AttentionShape{1, 128, 1, 64}, AttentionShape{1, 64, 1, 64, true}}) {
    CAPTURE(shape.tokens, shape.causal);
    Operands<float> start = random_operands(shape, 1);
    const float key = -120.0F * std::sqrt(static_cast<float>(shape.width));
    for (std::size_t head = 0; head < shape.in_count(); head += shape.width) {
      const bool is_query = head % (3 * shape.channels()) < shape.channels();
      const bool is_key = !is_query && head % (3 * shape.channels()) < 2 * shape.channels();
      if (is_query) start[kIn][head] = 1.0F;
      if (is_key) start[kIn][head] = key;
    }
    for (const auto& device : operands::open_devices(Precision::kBf16)) {
      CAPTURE(device->description());
      const Operands<float> end = attended(*device, shape, start);
      for (const Attention part : {kOut, kDIn})
        CHECK(std::ranges::all_of(end[part], [](float x) { return std::isfinite(x); }));
    }
  }
}
