// Each topology against the matrices that its authors give, and against the laws of its kind.
#include "tests/support/mixing_matrix.h"

#include <set>

#include "tests/support/catch.h"

using runtime::PeerId;
using test::Matrix;
using test::MixingMatrices;

namespace {

// What a round leaves of the mean square distance from the mean, of starts in all directions alike:
// the geometric mean over `rounds` rounds, and the mean of that over seeds.
double mean_contraction(const gossip::TopologyOptions& topology, std::size_t count,
                        std::uint64_t rounds) {
  constexpr std::uint64_t kSeeds = 10;
  const double average = 1.0 / static_cast<double>(count);
  double sum = 0.0;
  for (gossip::TopologyOptions options = topology; options.seed <= kSeeds; ++options.seed) {
    double squares = 0.0;
    for (const auto& row : test::product_of_rounds(MixingMatrices(options), rounds, count))
      for (const double entry : row) squares += (entry - average) * (entry - average);
    const double left = squares / static_cast<double>(count - 1);
    sum += std::pow(left, 1.0 / static_cast<double>(rounds));
  }
  return sum / static_cast<double>(kSeeds);
}

std::set<std::size_t> receivers(const gossip::Topology& topology, std::size_t count,
                                std::size_t self, std::uint64_t round = 0) {
  std::vector<PeerId> members;
  for (std::size_t i = 0; i < count; ++i) members.push_back(PeerId{i});
  std::set<std::size_t> places;
  for (const PeerId peer : topology.out_neighbours(round, members, PeerId{self}))
    places.insert(runtime::value_of(peer));
  return places;
}

using Set = std::set<std::size_t>;

}  // namespace

TEST_CASE("equal shares are doubly stochastic wherever all have as many senders as receivers") {
  for (const char* name :
       {"complete", "ring", "bidirectional-ring", "torus", "exponential", "one-peer-exponential",
        "p-peer-exponential", "random-regular", "matching", "base-k", "equidynamic"}) {
    for (const std::size_t fanout : {1U, 2U, 5U}) {
      const MixingMatrices matrices({.name = name, .fanout = fanout});
      for (std::size_t count = 1; count <= 20; ++count) {
        for (std::uint64_t round = 0; round < 7; ++round) {
          CAPTURE(name, fanout, count, round);
          CHECK(test::row_sum_error(matrices.at(round, count)) < 1e-14);
        }
      }
    }
  }
}

TEST_CASE("random-k, erdos-renyi and clusters are not: a peer may be heard more than it is told") {
  for (const char* name : {"random-k", "erdos-renyi", "clusters"}) {
    CAPTURE(name);
    CHECK(test::row_sum_error(MixingMatrices({.name = name, .fanout = 2}).at(0, 8)) > 0.05);
  }
}

TEST_CASE("a topology says that it is symmetric exactly where pushes go both ways") {
  for (const gossip::TopologyName& listed : gossip::topology_names()) {
    if (listed.name == "file") continue;
    CAPTURE(std::string(listed.name));
    const auto topology = gossip::make_topology({.name = std::string(listed.name), .fanout = 2});
    bool both_ways = true;
    std::vector<PeerId> members;
    for (std::size_t i = 0; i < 11; ++i) members.push_back(PeerId{i});
    for (std::uint64_t round = 0; round < 12; ++round)
      for (const PeerId peer : members)
        both_ways = both_ways && (*topology)->out_neighbours(round, members, peer) ==
                                     (*topology)->in_neighbours(round, members, peer);
    CHECK((*topology)->symmetric() == both_ways);
  }
}

TEST_CASE("torus: nine peers are a three by three grid without borders") {
  const MixingMatrices torus({.name = "torus"});
  CHECK(receivers(torus.topology(), 9, 0) == Set{1, 2, 3, 6});
  CHECK(receivers(torus.topology(), 9, 4) == Set{1, 3, 5, 7});
  CHECK(receivers(torus.topology(), 9, 5) == Set{2, 3, 4, 8});
  CHECK(receivers(torus.topology(), 12, 7) == Set{3, 4, 6, 11});  // three rows of four
}

TEST_CASE("torus: a number that makes no grid winds it like a thread, all with four neighbours") {
  const MixingMatrices torus({.name = "torus"});
  CHECK(receivers(torus.topology(), 11, 0) == Set{1, 3, 8, 10});
  CHECK(receivers(torus.topology(), 2, 0) == Set{1});
  CHECK(receivers(torus.topology(), 3, 0) == Set{1, 2});
  for (std::size_t count = 5; count <= 40; ++count)
    for (std::size_t self = 0; self < count; ++self)
      CHECK(receivers(torus.topology(), count, self).size() == 4);
}

TEST_CASE("exponential: 1, 2, 4, ... ahead; its second singular value is (L - 1) / (L + 1)") {
  const MixingMatrices exponential({.name = "exponential"});
  CHECK(receivers(exponential.topology(), 6, 3) == Set{4, 5, 1});
  for (const auto& [count, value] : {std::pair{8, .5}, {16, .6}, {32, .667}, {64, .714}})
    CHECK(test::second_singular_value(exponential.at(0, static_cast<std::size_t>(count))) ==
          Approx(value).margin(6e-4));
}

TEST_CASE("one-peer-exponential: exact after a period for powers of two, in others what is left") {
  const MixingMatrices matrices({.name = "one-peer-exponential"});
  for (const auto& [count, period] : {std::pair{4, 2}, {8, 3}, {16, 4}, {32, 5}})
    CHECK(test::distance_from_average(test::product_of_rounds(
              matrices, static_cast<std::uint64_t>(period), static_cast<std::size_t>(count))) ==
          0.0);
  const Matrix six = test::product_of_rounds(matrices, 3, 6);
  CHECK(test::distance_from_average(six) == Approx(.083).margin(5e-4));
  CHECK(test::second_singular_value(six) == Approx(.22).margin(5e-3));
  const Matrix twenty_five = test::product_of_rounds(matrices, 5, 25);
  CHECK(test::distance_from_average(twenty_five) == Approx(.0225).margin(5e-5));
  CHECK(test::second_singular_value(twenty_five) == Approx(.19).margin(5e-3));
}

TEST_CASE("p-peer-exponential: exact after a period for powers of p + 1, and nobody tells itself") {
  const MixingMatrices two({.name = "p-peer-exponential", .fanout = 2});
  CHECK(test::distance_from_average(test::product_of_rounds(two, 2, 9)) < 1e-15);
  CHECK(test::distance_from_average(test::product_of_rounds(two, 3, 27)) < 1e-15);
  CHECK(receivers(two.topology(), 6, 0, 0) == Set{1, 2});
  CHECK(receivers(two.topology(), 6, 0, 1) == Set{3});  // and a hop of six places is none
  const MixingMatrices three({.name = "p-peer-exponential", .fanout = 3});
  CHECK(test::distance_from_average(test::product_of_rounds(three, 2, 16)) < 1e-15);
}

TEST_CASE("p-peer-exponential with one receiver is one-peer-exponential") {
  const MixingMatrices one({.name = "p-peer-exponential", .fanout = 1});
  const MixingMatrices plain({.name = "one-peer-exponential"});
  for (std::size_t count = 2; count <= 18; ++count)
    for (std::uint64_t round = 0; round < 9; ++round)
      CHECK(one.at(round, count) == plain.at(round, count));
}

TEST_CASE("clusters: six peers are the two cliques with a bridge of Zhou et al.") {
  const std::vector<Set> expected{{1, 2, 3}, {0, 2}, {0, 1}, {0, 4, 5}, {3, 5}, {3, 4}};
  const MixingMatrices clusters({.name = "clusters"});
  for (std::size_t self = 0; self < 6; ++self)
    CHECK(receivers(clusters.topology(), 6, self) == expected[self]);
}

TEST_CASE("random-regular: as many receivers as asked for, at most all, anew every round") {
  for (const std::size_t fanout : {1U, 3U, 9U, 50U}) {
    const MixingMatrices matrices({.name = "random-regular", .fanout = fanout});
    for (std::uint64_t round = 0; round < 5; ++round)
      for (std::size_t self = 0; self < 10; ++self)
        CHECK(receivers(matrices.topology(), 10, self, round).size() ==
              std::min<std::size_t>(fanout, 9));
  }
  const MixingMatrices matrices({.name = "random-regular", .fanout = 2});
  CHECK(matrices.at(0, 20) != matrices.at(1, 20));
}

TEST_CASE("random-regular: the contraction of Epidemic Learning, 96 peers") {
  CHECK(mean_contraction({.name = "random-regular", .fanout = 2}, 96, 15) ==
        Approx(.32).margin(.01));
  CHECK(mean_contraction({.name = "random-regular", .fanout = 6}, 96, 15) ==
        Approx(.14).margin(.01));
}

TEST_CASE("equidynamic: the published contraction, nearly flat in the number of peers") {
  CHECK(mean_contraction({.name = "equidynamic"}, 16, 45) == Approx(.30).margin(.03));
  CHECK(mean_contraction({.name = "equidynamic"}, 64, 45) == Approx(.33).margin(.03));
}

TEST_CASE("equidynamic: one hop for all, and the shares of the matrix A(a)") {
  const MixingMatrices matrices({.name = "equidynamic"});
  for (std::uint64_t round = 0; round < 20; ++round) {
    const Matrix matrix = matrices.at(round, 5);
    std::size_t hop = 0;
    for (std::size_t i = 1; i < 5; ++i)
      if (matrix[i][0] > 0.0) hop = i;
    for (std::size_t j = 0; j < 5; ++j) {
      CHECK(matrix[(j + hop) % 5][j] == Approx(0.5 * 4.0 / 5.0));
      CHECK(matrix[j][j] == Approx(0.5 + 0.5 / 5.0));
    }
  }
}

TEST_CASE(
    "matching: everybody has one partner; of an odd number one has none, each equally often") {
  const MixingMatrices matrices({.name = "matching"});
  std::vector<int> idle(7, 0);
  constexpr std::uint64_t kRounds = 7000;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    int idle_now = 0;
    for (std::size_t self = 0; self < 7; ++self) {
      const Set partner = receivers(matrices.topology(), 7, self, round);
      REQUIRE(partner.size() <= 1);
      if (partner.empty()) {
        ++idle[self];
        ++idle_now;
      }
    }
    REQUIRE(idle_now == 1);
  }
  for (const int times : idle) CHECK(std::abs(times - 1000) < 150);  // deviation 29
  for (std::size_t self = 0; self < 8; ++self)
    CHECK(receivers(matrices.topology(), 8, self, 3).size() == 1);
}

TEST_CASE("erdos-renyi: fanout neighbours on average, all pairs equally likely") {
  const MixingMatrices matrices({.name = "erdos-renyi", .fanout = 3});
  constexpr std::size_t kPeers = 10;
  constexpr std::uint64_t kRounds = 3000;
  std::vector<std::vector<int>> joined(kPeers, std::vector<int>(kPeers, 0));
  for (std::uint64_t round = 0; round < kRounds; ++round)
    for (std::size_t self = 0; self < kPeers; ++self)
      for (const std::size_t other : receivers(matrices.topology(), kPeers, self, round))
        ++joined[self][other];
  for (std::size_t i = 0; i < kPeers; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      CHECK(joined[i][j] == joined[j][i]);
      CHECK(std::abs(joined[i][j] - 1000) < 150);  // a third of the rounds, deviation 26
    }
}
