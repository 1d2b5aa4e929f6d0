#include "gossip/topology.h"

#include <algorithm>
#include <map>
#include <set>

#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::make_topology;
using gossip::Topology;
using gossip::TopologyOptions;
using runtime::PeerId;

namespace {

std::unique_ptr<Topology> topology_of(const TopologyOptions& options) {
  auto made = make_topology(options);
  REQUIRE(made.ok());
  return std::move(made).value();
}

using Ids = gossip::List<PeerId>;
constexpr const char* kPureNames[] = {"complete",           "ring",
                                      "bidirectional-ring", "torus",
                                      "exponential",        "one-peer-exponential",
                                      "p-peer-exponential", "random-k",
                                      "random-regular",     "matching",
                                      "erdos-renyi",        "base-k",
                                      "equidynamic",        "clusters"};

// Members need not be numbered in a row.
Ids spread_out(std::size_t count) {
  Ids ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(PeerId{10 + 7 * i});
  return ids;
}

}  // namespace

TEST_CASE("a lone peer pushes to nobody, two push to each other") {
  for (const char* name : kPureNames) {
    CAPTURE(name);
    const auto topology = topology_of({.name = name, .fanout = 3});
    const Ids two{PeerId{3}, PeerId{8}};
    for (std::uint64_t round = 0; round < 5; ++round) {
      CHECK(topology->out_neighbours(round, Ids{PeerId{3}}, PeerId{3}).empty());
      CHECK(topology->out_neighbours(round, two, PeerId{3}) == Ids{PeerId{8}});
      CHECK(topology->out_neighbours(round, two, PeerId{8}) == Ids{PeerId{3}});
    }
  }
}

TEST_CASE(
    "receivers are sorted, distinct members other than oneself, and the same when asked again") {
  for (const char* name : kPureNames) {
    for (const std::size_t count : {1U, 2U, 3U, 5U, 8U, 13U, 64U}) {
      CAPTURE(name, count);
      const auto topology = topology_of({.name = name, .fanout = 3});
      const Ids members = spread_out(count);
      for (std::uint64_t round : {0U, 1U, 2U, 3U, 17U, 1000U}) {
        for (const PeerId self : members) {
          const Ids out = topology->out_neighbours(round, members, self);
          CHECK(std::is_sorted(out.begin(), out.end()));
          CHECK(std::set(out.begin(), out.end()).size() == out.size());
          CHECK(std::count(out.begin(), out.end(), self) == 0);
          CHECK(std::includes(members.begin(), members.end(), out.begin(), out.end()));
          CHECK(topology->out_neighbours(round, members, self) == out);
        }
      }
    }
  }
}

TEST_CASE("in-neighbours are those whose out-neighbours one is") {
  for (const char* name : kPureNames) {
    CAPTURE(name);
    const auto topology = topology_of({.name = name, .fanout = 2});
    for (const std::size_t count : {1U, 2U, 3U, 7U, 9U, 16U}) {
      const Ids members = spread_out(count);
      for (std::uint64_t round = 0; round < 6; ++round)
        for (const PeerId self : members)
          CHECK(topology->in_neighbours(round, members, self) ==
                topology->Topology::in_neighbours(round, members, self));
    }
  }
}

TEST_CASE("on the complete graph everybody hears everybody") {
  const auto topology = topology_of({.name = "complete"});
  CHECK(topology->out_neighbours(3, test::peers(4), PeerId{1}) ==
        Ids{PeerId{0}, PeerId{2}, PeerId{3}});
}

TEST_CASE("on a ring each pushes to the next, the last to the first") {
  const auto topology = topology_of({.name = "ring"});
  const Ids members{PeerId{2}, PeerId{5}, PeerId{9}};
  for (std::uint64_t round = 0; round < 3; ++round) {
    CHECK(topology->out_neighbours(round, members, PeerId{2}) == Ids{PeerId{5}});
    CHECK(topology->out_neighbours(round, members, PeerId{9}) == Ids{PeerId{2}});
  }
}

TEST_CASE(
    "one-peer-exponential: in round t, i pushes to i + 2^(t mod L), L = floor(log2(N-1)) + 1") {
  const auto topology = topology_of({});
  const std::map<std::size_t, std::uint64_t> hop_counts{{2, 1}, {3, 2}, {4, 2},  {5, 3},  {6, 3},
                                                        {8, 3}, {9, 4}, {16, 4}, {17, 5}, {32, 5}};
  for (const auto& [count, hop_count] : hop_counts) {
    CAPTURE(count);
    for (std::uint64_t round = 0; round < 3 * hop_count; ++round) {
      const std::uint64_t hop = std::uint64_t{1} << (round % hop_count);
      for (std::uint64_t i = 0; i < count; ++i)
        CHECK(topology->out_neighbours(round, test::peers(count), PeerId{i}) ==
              Ids{PeerId{(i + hop) % count}});
    }
  }
}

TEST_CASE("random-k draws k distinct others, or all of them where there are fewer") {
  for (const std::size_t fanout : {1U, 2U, 5U, 9U, 100U}) {
    CAPTURE(fanout);
    const auto topology = topology_of({.name = "random-k", .fanout = fanout, .seed = 3});
    for (std::uint64_t round = 0; round < 20; ++round)
      CHECK(topology->out_neighbours(round, test::peers(10), PeerId{4}).size() ==
            std::min<std::size_t>(fanout, 9));
  }
}

TEST_CASE("random-k draws every other peer equally often") {
  const auto topology = topology_of({.name = "random-k", .fanout = 2, .seed = 11});
  for (const std::uint64_t self : {0U, 5U}) {
    std::map<PeerId, int> drawn;
    for (std::uint64_t round = 0; round < 7000; ++round)
      for (const PeerId peer : topology->out_neighbours(round, test::peers(8), PeerId{self}))
        ++drawn[peer];
    CHECK(drawn.size() == 7);
    // 2000 expected, with a standard deviation of 38.
    for (const auto& [peer, count] : drawn) CHECK(std::abs(count - 2000) < 200);
  }
}

TEST_CASE("random-k differs by seed, round and peer") {
  const auto one = topology_of({.name = "random-k", .fanout = 4, .seed = 1});
  const auto two = topology_of({.name = "random-k", .fanout = 4, .seed = 2});
  const auto members = test::peers(40);
  CHECK(one->out_neighbours(0, members, PeerId{0}) != two->out_neighbours(0, members, PeerId{0}));
  CHECK(one->out_neighbours(0, members, PeerId{0}) != one->out_neighbours(1, members, PeerId{0}));
  CHECK(one->out_neighbours(0, members, PeerId{0}) != one->out_neighbours(0, members, PeerId{1}));
}

TEST_CASE("a topology that cannot be made says why") {
  const auto unknown = make_topology({.name = "rnig"});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message ==
        "no topology is called \"rnig\"; there are: complete, ring, bidirectional-ring, torus, "
        "exponential, one-peer-exponential, p-peer-exponential, random-k, random-regular, "
        "matching, erdos-renyi, base-k, equidynamic, clusters, view, file");
  CHECK_FALSE(make_topology({.name = ""}).ok());
  for (const char* name :
       {"random-k", "random-regular", "erdos-renyi", "base-k", "p-peer-exponential", "view"})
    CHECK_FALSE(make_topology({.name = name, .fanout = 0}).ok());
  CHECK_FALSE(make_topology({.name = "file"}).ok());
}

TEST_CASE("every listed topology has a summary, and is known by its name") {
  CHECK(gossip::topology_names().size() == 16);
  for (const gossip::TopologyName& listed : gossip::topology_names()) {
    CHECK_FALSE(listed.summary.empty());
    if (listed.name != "file") CHECK(make_topology({.name = std::string(listed.name)}).ok());
  }
}

TEST_CASE("a topology that is computed suits any number of peers") {
  for (const char* name : kPureNames) CHECK(topology_of({.name = name})->check(17).ok());
}

TEST_CASE("a topology says whether its graph stays, and whether it is that of any of its members") {
  const auto eight = test::peers(8);
  const std::vector<PeerId> five = {PeerId{0}, PeerId{2}, PeerId{3}, PeerId{6}, PeerId{7}};
  for (const gossip::TopologyName& known : gossip::topology_names()) {
    const auto topology = gossip::make_topology({.name = std::string(known.name), .fanout = 2});
    if (!topology) continue;  // file
    CAPTURE(known.name);
    bool constant = true;
    bool induced = true;
    for (std::uint64_t round = 0; round < 30; ++round) {
      for (const PeerId self : five) {
        auto receivers = (*topology)->out_neighbours(round, eight, self);
        constant = constant && receivers == (*topology)->out_neighbours(0, eight, self);
        std::erase_if(receivers, [&](PeerId to) { return std::ranges::count(five, to) == 0; });
        induced = induced && receivers == (*topology)->out_neighbours(round, five, self);
      }
    }
    CHECK((*topology)->constant() == constant);
    CHECK((*topology)->induced() == induced);
  }
}
