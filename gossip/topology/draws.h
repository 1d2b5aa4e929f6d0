#pragma once
// Chance that all peers share: what one draws in a round, everybody can draw again.

#include <cstddef>
#include <cstdint>

#include "gossip/topology/placed.h"
#include "runtime/random.h"

namespace gossip {

// The draws of one stream in one round. Streams are numbered by place; kSharedStream is
// everybody's.
inline constexpr std::uint64_t kSharedStream = ~std::uint64_t{0};
[[nodiscard]] runtime::Random draws_of(std::uint64_t seed, std::uint64_t round,
                                       std::uint64_t stream);

// `count` distinct numbers below `bound`, each set equally likely. Ascending. count <= bound.
[[nodiscard]] Places draw_distinct(runtime::Random& random, std::size_t count, std::size_t bound,
                                   ListMemory memory = heap());

// How many of `trials` succeed, each by itself with probability `chance` in [0, 1].
[[nodiscard]] std::size_t draw_binomial(runtime::Random& random, std::size_t trials, double chance);

// A random order of 0 .. count - 1, of which single entries are found without the others: the
// swap-or-not shuffle (Hoang, Morris and Rogaway 2012).
class Shuffle {
 public:
  Shuffle(std::uint64_t seed, std::uint64_t round, std::size_t count);

  [[nodiscard]] std::size_t position_of(std::size_t place) const;
  [[nodiscard]] std::size_t place_at(std::size_t position) const;  // the inverse

 private:
  [[nodiscard]] std::size_t swap_or_not(std::size_t at, std::uint64_t pass) const;

  std::uint64_t seed_;
  std::uint64_t count_;
  std::uint64_t pass_count_;
};

}  // namespace gossip
