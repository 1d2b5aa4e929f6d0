#include "gossip/topology/draws.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "runtime/check.h"

namespace gossip {
namespace {

std::uint64_t seed_of(std::uint64_t seed, std::uint64_t round) {
  return runtime::mix_bits(seed + runtime::mix_bits(round));
}

// Keeps or skips number after number: for many of them (Knuth's algorithm S).
Places draw_in_passing(runtime::Random& random, std::size_t count, std::size_t bound,
                       ListMemory memory) {
  Places drawn(memory);
  drawn.reserve(count);
  for (std::size_t i = 0; drawn.size() < count; ++i)
    if (random.below(bound - i) < count - drawn.size()) drawn.push_back(i);
  return drawn;
}

// By repeated squaring.
double power(double base, std::size_t exponent) {
  double result = 1.0;
  for (; exponent > 0; exponent >>= 1U, base *= base)
    if ((exponent & 1U) != 0) result *= base;
  return result;
}

}  // namespace

runtime::Random draws_of(std::uint64_t seed, std::uint64_t round, std::uint64_t stream) {
  return runtime::Random(seed_of(seed, round), stream);
}

Places draw_distinct(runtime::Random& random, std::size_t count, std::size_t bound,
                     ListMemory memory) {
  CHECK(count <= bound);
  if (count > bound / 8) return draw_in_passing(random, count, bound, memory);
  // Floyd's algorithm: nothing to do for the numbers that are not drawn.
  Places drawn(memory);
  drawn.reserve(count);
  for (std::size_t last = bound - count; last < bound; ++last) {
    const std::size_t candidate = random.below(last + 1);
    const auto at = std::lower_bound(drawn.begin(), drawn.end(), candidate);
    if (at == drawn.end() || *at != candidate)
      drawn.insert(at, candidate);
    else
      drawn.push_back(last);  // larger than all before it
  }
  return drawn;
}

std::size_t draw_binomial(runtime::Random& random, std::size_t trials, double chance) {
  if (chance >= 1.0) return trials;
  if (chance <= 0.0) return 0;
  // Some at a time, so that the probability of no success at all, where the sum starts, stays far
  // from underflow. Only +, -, * and /: the same on every machine, which a logarithm is not.
  constexpr double kExpectedMax = 16.0;
  const double at_a_time = std::max(1.0, kExpectedMax / chance);
  std::size_t successes = 0;
  while (trials > 0) {
    const std::size_t now =
        static_cast<double>(trials) <= at_a_time ? trials : static_cast<std::size_t>(at_a_time);
    double probability = power(1.0 - chance, now);  // of exactly k successes
    double drawn = random.uniform();
    for (std::size_t k = 0; drawn >= probability && k < now; ++k) {
      drawn -= probability;
      probability *=
          static_cast<double>(now - k) / static_cast<double>(k + 1) * chance / (1.0 - chance);
      ++successes;
    }
    trials -= now;
  }
  return successes;
}

Shuffle::Shuffle(std::uint64_t seed, std::uint64_t round, std::size_t count)
    : seed_(seed_of(seed, round)),
      count_(count),
      // Six passes for each doubling are what the proof of uniformity asks for.
      pass_count_(6 * static_cast<std::uint64_t>(std::bit_width(count)) + 16) {
  CHECK(count > 0 && count <= std::numeric_limits<std::uint32_t>::max());
}

// A pass pairs every position with another and swaps each pair by the toss of a coin.
std::size_t Shuffle::swap_or_not(std::size_t at, std::uint64_t pass) const {
  const std::uint64_t key = runtime::mix_bits(seed_ + pass);
  const std::uint64_t sum = (key >> 32U) * count_ >> 32U;
  const std::uint64_t other = sum >= at ? sum - at : sum + count_ - at;
  const bool swapped = (runtime::mix_bits(key ^ std::max<std::uint64_t>(at, other)) & 1U) != 0;
  return swapped ? other : at;
}

std::size_t Shuffle::position_of(std::size_t place) const {
  for (std::uint64_t pass = 0; pass < pass_count_; ++pass) place = swap_or_not(place, pass);
  return place;
}

std::size_t Shuffle::place_at(std::size_t position) const {
  for (std::uint64_t pass = pass_count_; pass > 0; --pass)
    position = swap_or_not(position, pass - 1);
  return position;
}

}  // namespace gossip
