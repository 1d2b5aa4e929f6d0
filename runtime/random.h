#pragma once
// Chance as an input. Every draw follows from (seed, stream), bit for bit the same on every machine
// and compiler; the standard library's distributions and shuffle are not specified that closely, so
// they are not used.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace runtime {

// Mixes 64 bits so that every output bit depends on every input bit (the finaliser of SplitMix64,
// Steele et al. 2014). A bijection, so distinct inputs stay distinct.
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31U);
}
// Of a text, to tell it from others: for no secret.
[[nodiscard]] std::uint64_t hash_text(std::string_view text);

// A stream of draws: SplitMix64 from a start that `seed` and `stream` fix. A value type: a copy
// repeats the draws.
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

  [[nodiscard]] std::uint64_t bits();  // 64 uniform bits
  [[nodiscard]] std::uint64_t below(
      std::uint64_t bound);        // uniform in [0, bound), unbiased; bound > 0
  [[nodiscard]] double uniform();  // uniform in [0, 1), 53 bits
  [[nodiscard]] double uniform(double low, double high);  // uniform in [low, high)
  [[nodiscard]] double
  normal();  // mean 0, deviation 1 (polar method: same bits where libm's log agrees)

  // Where in its draws it is: one that is moved there draws the same from then on.
  [[nodiscard]] std::uint64_t position() const { return state_; }
  void move_to(std::uint64_t position) { state_ = position; }

  template <typename T>
  void shuffle(std::span<T> items) {  // Fisher and Yates
    for (std::size_t left = items.size(); left > 1; --left)
      std::swap(items[left - 1], items[below(left)]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace runtime
