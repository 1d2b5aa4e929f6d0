#include "gossip/mixing.h"

#include <cmath>

#include "tests/support/temporary_file.h"

#include "tests/support/catch.h"

using gossip::Mixing;

namespace {

std::optional<Mixing> measure(const gossip::TopologyOptions& topology,
                              const gossip::MixingOptions& options,
                              const gossip::WeightingOptions& weighting = {}) {
  return gossip::measure_mixing(*gossip::make_topology(topology).value(),
                                *gossip::make_weighting(weighting).value(), options);
}

}  // namespace

TEST_CASE("a lone peer is exact from the start") {
  const auto mixing = measure({}, {.peer_count = 1});
  REQUIRE(mixing.has_value());
  CHECK(mixing->out_degree_max == 0);
  CHECK(mixing->doubly_stochastic);
  CHECK(mixing->exact_after == 0);
  CHECK(mixing->contraction == 0.0);
}

TEST_CASE("exact averages are told from fast ones, after as many rounds as they take") {
  struct Case {
    gossip::TopologyOptions topology;
    std::size_t peer_count;
    std::uint64_t rounds;
  };
  for (const auto& [topology, peer_count, rounds] :
       {Case{{.name = "complete"}, 8, 1}, Case{{.name = "one-peer-exponential"}, 8, 3},
        Case{{.name = "one-peer-exponential"}, 1024, 10},
        Case{{.name = "p-peer-exponential", .fanout = 2}, 27, 3}, Case{{.name = "base-k"}, 6, 4},
        Case{{.name = "base-k", .fanout = 2}, 25, 6}}) {
    CAPTURE(topology.name, peer_count);
    CHECK(measure(topology, {.peer_count = peer_count})->exact_after == rounds);
  }
  // Pairs drawn at random average four peers or eight exactly now and then, by chance.
  CHECK_FALSE(measure({.name = "matching"}, {.peer_count = 8})->exact_after.has_value());
  const auto six = measure({.name = "one-peer-exponential"}, {.peer_count = 6});
  CHECK_FALSE(six->exact_after.has_value());
  const auto dense = measure({.name = "random-regular", .fanout = 6}, {.peer_count = 8});
  CHECK_FALSE(dense->exact_after.has_value());
}

TEST_CASE("a topology that says in how many rounds it averages does so, and not in fewer") {
  for (const auto* name : {"complete", "base-k"}) {
    for (std::size_t fanout = 1; fanout <= 4; ++fanout) {
      for (std::size_t peer_count = 2; peer_count <= 17; ++peer_count) {
        CAPTURE(name, fanout, peer_count);
        const gossip::TopologyOptions options{.name = name, .fanout = fanout};
        const auto topology = gossip::make_topology(options).value();
        CHECK(topology->rounds_to_average(peer_count) ==
              measure(options, {.peer_count = peer_count})->exact_after);
      }
    }
  }
  CHECK(gossip::make_topology({.name = "base-k"}).value()->rounds_to_average(1) == 0);
  CHECK_FALSE(
      gossip::make_topology({.name = "matching"}).value()->rounds_to_average(4).has_value());
}

TEST_CASE("the contraction of a ring is the square of its second eigenvalue, in the long run") {
  // Equal shares for oneself and both neighbours: (1 + 2 cos(2 pi / N)) / 3.
  const double eigenvalue = (1.0 + 2.0 * std::cos(2.0 * 3.14159265358979 / 12.0)) / 3.0;
  const auto mixing = measure({.name = "bidirectional-ring"}, {.peer_count = 12});
  CHECK(mixing->contraction == Approx(eigenvalue * eigenvalue).epsilon(0.02));
  CHECK(mixing->out_degree_min == 2);
  CHECK(mixing->out_degree_max == 2);
}

TEST_CASE("where weights move, the estimates are what mixes") {
  const auto clusters = measure({.name = "clusters"}, {.peer_count = 6});
  CHECK_FALSE(clusters->doubly_stochastic);
  CHECK(clusters->out_degree_min == 2);
  CHECK(clusters->out_degree_max == 3);
  // The second eigenvalue of the two cliques is .86038.
  CHECK(clusters->contraction == Approx(.86038 * .86038).epsilon(0.02));
  CHECK(
      measure({.name = "clusters"}, {.peer_count = 6}, {.name = "metropolis"})->doubly_stochastic);
}

TEST_CASE("a small constant share mixes less than equal shares do") {
  const auto uniform = measure({.name = "torus"}, {.peer_count = 9});
  const auto constant = measure({.name = "torus"}, {.peer_count = 9}, {.name = "constant"});
  CHECK(constant->contraction > uniform->contraction + 0.2);
}

TEST_CASE("a graph that nobody leaves does not mix") {
  const test::TemporaryFile file("1 0\n0 1\n");
  const auto mixing = measure({.name = "file", .file = file.path()}, {.peer_count = 2});
  CHECK(mixing->contraction == 1.0);
  CHECK(mixing->out_degree_max == 0);
}

TEST_CASE("a graph of too many edges is measured for as long as the bound allows, or not at all") {
  CHECK(measure({.name = "ring"}, {.peer_count = 10, .additions_max = 2000})->rounds == 10);
  CHECK_FALSE(measure({.name = "ring"}, {.peer_count = 10, .additions_max = 1000}).has_value());
  CHECK_FALSE(measure({.name = "complete"}, {.peer_count = 10, .additions_max = 999}).has_value());
  CHECK(measure({.name = "complete"}, {.peer_count = 10, .additions_max = 1000})->exact_after == 1);
}
