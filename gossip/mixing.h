#pragma once
// How well a graph mixes, by trying it: push-sum without gradients, from starts in all directions.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "gossip/topology.h"
#include "gossip/weighting.h"

namespace gossip {

struct Mixing {
  std::size_t out_degree_min = 0;  // receivers, over peers and rounds
  std::size_t out_degree_max = 0;
  bool doubly_stochastic = false;  // nobody's weight ever left one
  std::uint64_t rounds = 0;        // that were tried
  // What a round leaves of the mean square distance of the estimates from the mean: the geometric
  // mean over the rounds. 1: no mixing at all.
  double contraction = 1.0;
  // So many rounds leave rounding errors only, every time.
  std::optional<std::uint64_t> exact_after;
};

struct MixingOptions {
  std::size_t peer_count = 8;  // at least one; more than 64 start in a few random directions only
  std::uint64_t rounds_max = 128;
  // Stops before a round that would make more additions than this in all.
  std::uint64_t additions_max = 400'000'000;
};

// Peers are numbered 0 .. peer_count - 1. Empty: too few rounds within the bound to say.
[[nodiscard]] std::optional<Mixing> measure_mixing(const Topology& topology,
                                                   const Weighting& weighting,
                                                   const MixingOptions& options);

}  // namespace gossip
