#pragma once
// The Base-(k+1) graph (Takezawa et al. 2023): rounds of groups of at most k + 1 that together
// average any number of peers exactly.

#include <cstddef>
#include <vector>

namespace gossip {

// What a peer exchanges with one other, both ways alike; it keeps one minus the sum.
struct ExchangeShare {
  std::size_t place = 0;
  double share = 0.0;
};
using ExchangeRound = std::vector<std::vector<ExchangeShare>>;  // by place, each sorted by place

// The rounds for `count` places, each with at most `k` others; both at least 1. Their matrices are
// symmetric and doubly stochastic, and their product averages exactly. One place: no rounds.
[[nodiscard]] std::vector<ExchangeRound> base_k_schedule(std::size_t count, std::size_t k);

}  // namespace gossip
