#pragma once
// What a DropoutMask means, in numbers that every backend works with: number i is dropped where
// dropout_bits(key, i) < numbers.dropped_below, else multiplied by `factor`.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/shapes.h"
#include "kernels/view.h"
#include "runtime/random.h"

namespace kernels {

// A key as a device is given it: its two halves, mixed, since keys may be consecutive numbers.
inline constexpr std::size_t kDropoutKeyNumbers = 2;
[[nodiscard]] inline std::array<std::int32_t, kDropoutKeyNumbers> dropout_key(std::uint64_t key) {
  return std::bit_cast<std::array<std::int32_t, kDropoutKeyNumbers>>(runtime::mix_bits(key));
}

struct DropoutKey {
  std::uint32_t low;
  std::uint32_t high;

  constexpr explicit DropoutKey(const std::int32_t* key)
      : low(static_cast<std::uint32_t>(key[0])), high(static_cast<std::uint32_t>(key[1])) {}
};

struct DropoutNumbers {
  std::uint32_t dropped_below;
  double factor;  // 1 / (1 - probability): the expectation stays

  explicit DropoutNumbers(const DropoutMask& mask)
      : dropped_below(static_cast<std::uint32_t>(mask.probability * 0x1.0p32)),
        factor(1.0 / (1.0 - mask.probability)) {}
};

// 32 bits that depend on every bit of the key and of the index: the finaliser of MurmurHash3
// (Appleby), half of the key before it and half in its middle. 32-bit arithmetic, so that
// processors do eight or sixteen at once; cpu/token_loops.inc says the same in its own words.
[[nodiscard]] constexpr std::uint32_t dropout_bits(const DropoutKey& key, std::uint32_t index) {
  std::uint32_t bits = index * 0x9e3779b9U + key.low;
  bits = (bits ^ (bits >> 16U)) * 0x85ebca6bU;
  bits = (bits ^ (bits >> 13U) ^ key.high) * 0xc2b2ae35U;
  return bits ^ (bits >> 16U);
}

}  // namespace kernels
