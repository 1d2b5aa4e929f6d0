#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "runtime/random.h"

namespace kernels {

// A permutation of [0, count) that follows from a seed, one position at a time and without memory:
// a Feistel network over the next power of two, walked until it comes back into the range. The same
// on every device.
class Permutation {
 public:
  // count > 0
  constexpr Permutation(std::uint64_t seed, std::size_t count)
      : seed_(seed),
        count_(count),
        low_bits_(static_cast<unsigned>(std::bit_width(count - 1)) / 2),
        high_bits_(static_cast<unsigned>(std::bit_width(count - 1)) - low_bits_) {}

  [[nodiscard]] constexpr std::size_t operator()(std::size_t position) const {
    do position = shuffled(position);
    while (position >= count_);
    return position;
  }

 private:
  static constexpr std::uint64_t kRounds = 6;

  [[nodiscard]] constexpr std::size_t shuffled(std::size_t position) const {
    const std::uint64_t low_mask = (std::uint64_t{1} << low_bits_) - 1;
    const std::uint64_t high_mask = (std::uint64_t{1} << high_bits_) - 1;
    std::uint64_t low = position & low_mask;
    std::uint64_t high = position >> low_bits_;
    for (std::uint64_t round = 0; round < kRounds; round += 2) {
      low ^= runtime::mix_bits(seed_ + high * kRounds + round) & low_mask;
      high ^= runtime::mix_bits(seed_ + low * kRounds + round + 1) & high_mask;
    }
    return static_cast<std::size_t>((high << low_bits_) | low);
  }

  std::uint64_t seed_;
  std::size_t count_;
  unsigned low_bits_;
  unsigned high_bits_;
};

}  // namespace kernels
