#include "gossip/codec/largest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include "kernels/cells.h"
#include "runtime/check.h"

namespace gossip {
namespace {

// A magnitude that somewhat more than `kept` numbers exceed, as a sample has it: four deviations
// more than are expected.
float guessed_threshold(std::span<const float> x, std::size_t kept) {
  constexpr std::size_t kSample = 2048;
  std::array<float, kSample> sample{};
  for (std::size_t i = 0; i < kSample; ++i) sample[i] = std::abs(x[x.size() / kSample * i]);
  const double expected = static_cast<double>(kSample * kept) / static_cast<double>(x.size());
  const double rank = expected + 4.0 * std::sqrt(expected) + 4.0;
  const auto position = std::min(kSample - 1, static_cast<std::size_t>(rank));
  const auto threshold = sample.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(sample.begin(), threshold, sample.end(), std::greater<>());
  return *threshold;
}

}  // namespace

// Leaves the `kept` largest of the candidates, still in order.
template <typename T>
void Largest::keep_largest(std::span<const T> x, std::size_t kept) {
  if (kept == candidates_.size()) return;
  const auto larger = [x](std::uint32_t a, std::uint32_t b) {
    const T one = std::abs(x[a]);
    const T other = std::abs(x[b]);
    return one > other || (one == other && a < b);
  };
  ranked_ = candidates_;
  const auto first_out = ranked_.begin() + static_cast<std::ptrdiff_t>(kept);
  std::nth_element(ranked_.begin(), first_out, ranked_.end(), larger);
  const std::uint32_t bound = *first_out;
  std::erase_if(candidates_, [&](std::uint32_t position) { return !larger(position, bound); });
}

template <typename T>
void Largest::rank_all(std::span<const T> x, std::size_t kept) {
  CHECK(kept <= x.size());
  candidates_.resize(x.size());
  std::iota(candidates_.begin(), candidates_.end(), 0U);
  keep_largest(x, kept);
}

std::span<const std::uint32_t> Largest::find(std::span<const float> x, std::size_t kept) {
  constexpr std::size_t kWorthGuessing = 1U << 15U;  // numbers; fewer are ranked at once
  if (x.size() >= kWorthGuessing && kept <= x.size() / 8) {
    candidates_.resize(4 * kept + 1024);
    const std::size_t found = kernels::cells::above(x, guessed_threshold(x, kept), candidates_);
    if (found >= kept && found <= candidates_.size()) {
      candidates_.resize(found);
      keep_largest(x, kept);
      return candidates_;
    }
  }
  // Few numbers, or numbers of which a sample says little: many zeros, many equal ones.
  rank_all(x, kept);
  return candidates_;
}

std::span<const std::uint32_t> Largest::find(std::span<const double> x, std::size_t kept) {
  rank_all(x, kept);
  return candidates_;
}

}  // namespace gossip
