#include "gossip/codec/largest.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/cells.h"
#include "runtime/check.h"

namespace gossip {
namespace {

using Positions = std::vector<std::uint32_t>;

// Leaves the `kept` largest of `candidates`, which are in order and stay so.
template <typename T>
void keep_largest(std::span<const T> x, std::size_t kept, Positions& candidates) {
  if (kept == candidates.size()) return;
  const auto larger = [x](std::uint32_t a, std::uint32_t b) {
    const T one = std::abs(x[a]);
    const T other = std::abs(x[b]);
    return one > other || (one == other && a < b);
  };
  Positions ranked = candidates;
  const auto first_out = ranked.begin() + static_cast<std::ptrdiff_t>(kept);
  std::nth_element(ranked.begin(), first_out, ranked.end(), larger);
  const std::uint32_t bound = *first_out;
  std::erase_if(candidates, [&](std::uint32_t position) { return !larger(position, bound); });
}

Positions all_of(std::size_t count) {
  Positions positions(count);
  std::iota(positions.begin(), positions.end(), 0U);
  return positions;
}

// A magnitude that somewhat more than `kept` numbers exceed, as a sample has it: four deviations
// more than are expected.
float guessed_threshold(std::span<const float> x, std::size_t kept) {
  constexpr std::size_t kSample = 2048;
  std::vector<float> sample(kSample);
  for (std::size_t i = 0; i < kSample; ++i) sample[i] = std::abs(x[x.size() / kSample * i]);
  const double expected = static_cast<double>(kSample * kept) / static_cast<double>(x.size());
  const double rank = expected + 4.0 * std::sqrt(expected) + 4.0;
  const auto position = std::min(kSample - 1, static_cast<std::size_t>(rank));
  const auto threshold = sample.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(sample.begin(), threshold, sample.end(), std::greater<>());
  return *threshold;
}

}  // namespace

Positions largest(std::span<const float> x, std::size_t kept) {
  CHECK(kept <= x.size());
  constexpr std::size_t kWorthGuessing = 1U << 15U;  // numbers; fewer are ranked at once
  if (x.size() >= kWorthGuessing && kept <= x.size() / 8) {
    Positions candidates(4 * kept + 1024);
    const std::size_t found = kernels::cells::above(x, guessed_threshold(x, kept), candidates);
    if (found >= kept && found <= candidates.size()) {
      candidates.resize(found);
      keep_largest(x, kept, candidates);
      return candidates;
    }
  }
  // Few numbers, or numbers of which a sample says little: many zeros, many equal ones.
  Positions candidates = all_of(x.size());
  keep_largest(x, kept, candidates);
  return candidates;
}

Positions largest(std::span<const double> x, std::size_t kept) {
  CHECK(kept <= x.size());
  Positions candidates = all_of(x.size());
  keep_largest(x, kept, candidates);
  return candidates;
}

}  // namespace gossip
