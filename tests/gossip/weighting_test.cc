#include "gossip/weighting.h"

#include <cmath>

#include "tests/support/mixing_matrix.h"
#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

// The first of so many peers on a complete graph, about to push.
struct Crowd {
  std::unique_ptr<gossip::Topology> topology = gossip::make_topology({.name = "complete"}).value();
  std::vector<runtime::PeerId> members;
  gossip::List<runtime::PeerId> receivers;

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
    const gossip::List<double> shares = (*uniform)->shares(crowd.plan());
    CHECK(shares.size() == count);
    double kept = 1.0;
    for (const double share : shares) kept -= share;
    CHECK(kept == Approx(shares[0]));
  }
}

TEST_CASE("constant: a part of an equal share to each receiver; all of it is uniform") {
  const Crowd crowd(4);
  const auto half = gossip::make_weighting({.name = "constant", .constant_share = 0.5});
  REQUIRE(half.ok());
  CHECK((*half)->shares(crowd.plan()) == gossip::List<double>{0.125, 0.125, 0.125});
  const auto all = gossip::make_weighting({.name = "constant", .constant_share = 1.0});
  const auto uniform = gossip::make_weighting({.name = "uniform"});
  REQUIRE(all.ok());
  for (std::size_t count = 1; count < 20; ++count)
    CHECK((*all)->shares(Crowd(count).plan()) == (*uniform)->shares(Crowd(count).plan()));
}

TEST_CASE("constant: by default the least that Moreau weights give, v (1 - v) / (1 + v), v = 0.1") {
  const Crowd pair(2);
  CHECK((*gossip::make_weighting({.name = "constant"}))->shares(pair.plan())[0] ==
        Approx(0.1 * 0.9 / 1.1 / 2.0).epsilon(1e-15));
}

TEST_CASE("constant: a share of nothing, of more than all or of no number is refused") {
  for (const double share : {0.0, -0.1, 1.0001, std::nan("")})
    CHECK_FALSE(gossip::make_weighting({.name = "constant", .constant_share = share}).ok());
}

TEST_CASE("metropolis: symmetric and doubly stochastic on every graph where pushes go both ways") {
  for (const char* name : {"bidirectional-ring", "torus", "clusters", "erdos-renyi", "matching"}) {
    const test::MixingMatrices matrices({.name = name, .fanout = 3}, {.name = "metropolis"});
    for (std::size_t count = 1; count <= 13; ++count) {
      for (std::uint64_t round = 0; round < 5; ++round) {
        CAPTURE(name, count, round);
        const test::Matrix matrix = matrices.at(round, count);
        CHECK(test::is_symmetric(matrix));
        CHECK(test::row_sum_error(matrix) < 1e-14);
        for (std::size_t i = 0; i < count; ++i) CHECK(matrix[i][i] > 0.0);
      }
    }
  }
}

TEST_CASE("metropolis: on two cliques of three with a bridge, by the larger degree of both ends") {
  const test::MixingMatrices matrices({.name = "clusters"}, {.name = "metropolis"});
  const test::Matrix matrix = matrices.at(0, 6);
  CHECK(matrix[1][0] == Approx(1.0 / 4.0));
  CHECK(matrix[3][0] == Approx(1.0 / 4.0));
  CHECK(matrix[2][1] == Approx(1.0 / 3.0));
  CHECK(matrix[0][0] == Approx(1.0 / 4.0));
  CHECK(matrix[1][1] == Approx(1.0 - 1.0 / 4.0 - 1.0 / 3.0));
}

TEST_CASE("metropolis is refused where pushes go one way, with the reason") {
  const auto metropolis = gossip::make_weighting({.name = "metropolis"}).value();
  for (const char* name : {"ring", "exponential", "one-peer-exponential", "p-peer-exponential",
                           "random-k", "random-regular", "equidynamic"}) {
    CAPTURE(name);
    const auto topology = gossip::make_topology({.name = name}).value();
    const runtime::Status checked = metropolis->check(*topology);
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.error().message.find("pushes back") != std::string::npos);
  }
  for (const char* name : {"complete", "bidirectional-ring", "torus", "clusters", "erdos-renyi"})
    CHECK(metropolis->check(*gossip::make_topology({.name = name}).value()).ok());
}

TEST_CASE("a weighting that would overrule prescribed shares is refused; uniform takes them") {
  for (const char* name : {"base-k", "equidynamic"}) {
    CAPTURE(name);
    const auto topology = gossip::make_topology({.name = name}).value();
    CHECK_FALSE(gossip::make_weighting({.name = "constant"}).value()->check(*topology).ok());
    CHECK_FALSE(gossip::make_weighting({.name = "metropolis"}).value()->check(*topology).ok());
    CHECK_FALSE(gossip::make_weighting({.name = "moreau"}).value()->check(*topology).ok());
    CHECK(gossip::make_weighting({.name = "uniform"}).value()->check(*topology).ok());
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
        "no weighting is called \"unifrom\"; there are: uniform, moreau, "
        "metropolis, constant");
  CHECK(gossip::weighting_names().size() == 4);
}
