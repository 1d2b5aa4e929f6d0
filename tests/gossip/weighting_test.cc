#include "gossip/weighting.h"

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

TEST_CASE("an unknown weighting is refused with the names there are") {
  const auto unknown = gossip::make_weighting({.name = "unifrom"});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message == "no weighting is called \"unifrom\"; there are: uniform");
  CHECK(gossip::weighting_names().size() == 1);
}
