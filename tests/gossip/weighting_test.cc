#include "gossip/weighting.h"

#include <cmath>

#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

// The first of so many peers on a complete graph, about to push.
struct Crowd {
  std::unique_ptr<gossip::Topology> topology = gossip::make_topology({.name = "complete"}).value();
  std::vector<runtime::PeerId> members;
  std::vector<runtime::PeerId> receivers;

  explicit Crowd(std::size_t count)
      : members(test::peers(count)),
        receivers(topology->out_neighbours(0, members, members.front())) {}
  [[nodiscard]] gossip::PushPlan plan() const {
    return {.members = members,
            .self = members.front(),
            .receivers = receivers,
            .topology = topology.get()};
  }
};

}  // namespace

TEST_CASE("a peer without receivers gives nothing away") {
  const auto uniform = gossip::make_weighting({.name = "uniform"});
  REQUIRE(uniform.ok());
  CHECK((*uniform)->shares(Crowd(1).plan()).empty());
}

TEST_CASE("uniform: k receivers and oneself get one part each of k + 1") {
  const auto uniform = gossip::make_weighting({.name = "uniform"});
  REQUIRE(uniform.ok());
  for (std::size_t count = 1; count < 20; ++count) {
    const Crowd crowd(count + 1);
    const std::vector<double> shares = (*uniform)->shares(crowd.plan());
    CHECK(shares.size() == count);
    double kept = 1.0;
    for (const double share : shares) kept -= share;
    CHECK(kept == Approx(shares[0]));
  }
}

TEST_CASE("moreau: the published table of weights over squared distances") {
  struct Row {
    double k, squared, weight;
  };
  const std::vector<Row> rows = {{1, 0, .0818182},   {1, .01, .0899592}, {1, .1, .1596785},
                                 {1, 1, .5990077},   {1, 4, .8850145},   {1, 10, .8999629},
                                 {1, 1e300, .9},     {.01, 1, .0899592}, {.01, 4, .1138995},
                                 {.01, 10, .1596785}};
  for (const Row& row : rows) {
    CAPTURE(row.k, row.squared);
    const auto moreau =
        gossip::make_weighting({.name = "moreau", .moreau_v = 0.1, .moreau_k = row.k});
    REQUIRE(moreau.ok());
    CHECK((*moreau)->asks_distances());
    for (const std::size_t receivers : {1U, 5U}) {
      const Crowd crowd(receivers + 1);
      const std::vector<double> squared(receivers, row.squared);
      gossip::PushPlan plan = crowd.plan();
      plan.squared_distances = squared;
      for (const double share : (*moreau)->shares(plan))
        CHECK(share * static_cast<double>(receivers + 1) == Approx(row.weight).margin(5e-8));
    }
  }
}

TEST_CASE("moreau: v outside (0, 1) and k not above 0 are refused") {
  for (const double v : {0.0, 1.0, -0.5, std::nan("")})
    CHECK_FALSE(gossip::make_weighting({.name = "moreau", .moreau_v = v}).ok());
  for (const double k : {0.0, -1.0, HUGE_VAL})
    CHECK_FALSE(gossip::make_weighting({.name = "moreau", .moreau_k = k}).ok());
}

TEST_CASE("an unknown weighting is refused with the names there are") {
  const auto unknown = gossip::make_weighting({.name = "unifrom"});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message ==
        "no weighting is called \"unifrom\"; there are: uniform, moreau");
}
