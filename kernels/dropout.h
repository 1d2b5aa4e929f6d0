#pragma once
// What a DropoutMask means, in numbers that every backend works with: number i is dropped where
// dropout_bits(numbers, i) < numbers.dropped_below, else multiplied by `factor`.

#include <cstdint>

#include "kernels/shapes.h"
#include "runtime/random.h"

namespace kernels {

struct DropoutNumbers {
  std::uint32_t low;  // half of the key each, mixed: keys may be consecutive numbers
  std::uint32_t high;
  std::uint32_t dropped_below;
  double factor;  // 1 / (1 - probability): the expectation stays

  explicit DropoutNumbers(const DropoutMask& mask)
      : low(static_cast<std::uint32_t>(runtime::mix_bits(mask.key))),
        high(static_cast<std::uint32_t>(runtime::mix_bits(mask.key) >> 32U)),
        dropped_below(static_cast<std::uint32_t>(mask.probability * 0x1.0p32)),
        factor(1.0 / (1.0 - mask.probability)) {}
};

// 32 bits that depend on every bit of the key and of the index: the finaliser of MurmurHash3
// (Appleby), half of the key before it and half in its middle. 32-bit arithmetic, so that
// processors do eight or sixteen at once; cpu/token_loops.inc and cuda/dropout.cu say the same in
// their own words.
[[nodiscard]] inline std::uint32_t dropout_bits(const DropoutNumbers& numbers,
                                                std::uint32_t index) {
  std::uint32_t bits = index * 0x9e3779b9U + numbers.low;
  bits = (bits ^ (bits >> 16U)) * 0x85ebca6bU;
  bits = (bits ^ (bits >> 13U) ^ numbers.high) * 0xc2b2ae35U;
  return bits ^ (bits >> 16U);
}

}  // namespace kernels
