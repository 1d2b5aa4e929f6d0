// Total x and total w are what they were at the start, whatever the network does: held, plus pushed
// and not yet booked.

#include <chrono>

#include "tests/support/conserved.h"
#include "tests/support/gossip_world.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using runtime::PeerId;
using std::chrono::milliseconds;
using test::Amount;
using test::check_conserved;
using test::check_conserved_without;
using test::GossipWorld;
using test::kBadLink;
using test::kExact;
using test::WorldOptions;

namespace {

std::vector<gossip::TopologyOptions> topologies() {
  return {{.name = "ring"},
          {.name = "complete"},
          {.name = "one-peer-exponential"},
          {.name = "random-k", .fanout = 2},
          {.name = "base-k", .fanout = 2},
          {.name = "equidynamic"},
          {.name = "erdos-renyi", .fanout = 2}};
}

// Weights whose sum is rounded leave an estimate a rounding away.
void check_still(const std::vector<double>& estimate, double start) {
  for (const double number : estimate) CHECK(number == Approx(start).epsilon(1e-13));
}

}  // namespace

TEST_CASE("a lone peer keeps its mass") {
  GossipWorld world({.peer_count = 1, .topology = {}});
  world.run_for(milliseconds(100), [&] { check_conserved(world); });
  CHECK(world.node(PeerId{0}).weight(0) == 1.0);
}

TEST_CASE("on a good network the totals hold after every event, and estimates meet") {
  GossipWorld world({.peer_count = 2, .topology = {}});
  world.run_for(milliseconds(100), [&] { check_conserved(world); });
  world.run_for(milliseconds(900));
  world.run_until_quiet();
  check_conserved(world);
  const Amount total = world.started_with();
  const std::vector<double> z = world.node(PeerId{1}).estimate();
  for (std::size_t i = 0; i < z.size(); ++i) CHECK(z[i] == Approx(total.x[i] / 2.0).margin(1e-9));
}

TEST_CASE("loss, repeats and reordering change no total, on any topology") {
  for (const gossip::TopologyOptions& topology : topologies()) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      CAPTURE(topology.name, seed);
      GossipWorld world(
          {.peer_count = 3 + seed % 4, .topology = topology, .link = kBadLink, .seed = seed});
      for (int turn = 0; turn < 10; ++turn) {
        world.run_for(milliseconds(20));
        check_conserved(world);
      }
      world.run_until_quiet();
      check_conserved(world);
      CHECK(world.ledger().under_way().weight == Approx(0.0).margin(kExact));
      std::uint64_t sent = 0;
      std::uint64_t received = 0;
      std::uint64_t resent = 0;
      world.for_each_living([&](PeerId id) {
        const gossip::Traffic& traffic = world.node(id).exchange().traffic();
        sent += traffic.parcels_sent;
        received += traffic.parcels_received;
        resent += traffic.parcels_resent;
        CHECK(traffic.messages_refused == 0);
      });
      CHECK(sent == received);
      CHECK(sent > 30);
      CHECK(resent > 0);
    }
  }
}

TEST_CASE("the totals hold after every single event of a bad network") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    GossipWorld world({.peer_count = 4, .topology = {}, .link = kBadLink, .seed = seed});
    world.run_for(milliseconds(100), [&] { check_conserved(world); });
  }
}

TEST_CASE("a sender's count of what is in flight never misses a share") {
  GossipWorld world({.peer_count = 4, .topology = {.name = "complete"}, .link = kBadLink});
  world.run_for(milliseconds(200), [&] {
    double in_flight = 0.0;
    world.for_each_living(
        [&](PeerId id) { in_flight += world.node(id).exchange().mass_in_flight(); });
    // More, where a parcel has come and its acknowledgement has not.
    CHECK(in_flight >= world.ledger().under_way().weight - kExact);
  });
}

TEST_CASE("links that are cut for a while and heal lose nothing") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    const std::size_t count = 5;
    GossipWorld world({.peer_count = count, .topology = {}, .link = kBadLink, .seed = seed});
    for (int turn = 0; turn < 4; ++turn) {
      world.run_for(milliseconds(50));
      const PeerId one{world.random().below(count)};
      const PeerId other{(runtime::value_of(one) + 1 + world.random().below(count - 1)) % count};
      world.network().link(one, other).cut = true;
      world.network().link(other, one).cut = world.random().below(2) == 0;
      world.run_for(milliseconds(300));
      check_conserved(world);
      world.network().link(one, other).cut = false;
      world.network().link(other, one).cut = false;
    }
    world.run_until_quiet();
    check_conserved(world);
    world.for_each_living(
        [&](PeerId id) { CHECK(world.node(id).exchange().members().living().size() == count); });
  }
}

TEST_CASE("when a peer dies its mass is gone, what was under way to it returns, the rest stays") {
  for (const gossip::TopologyOptions& topology : topologies()) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      CAPTURE(topology.name, seed);
      const std::size_t count = 4;
      GossipWorld world(
          {.peer_count = count, .topology = topology, .link = kBadLink, .seed = seed});
      world.run_for(milliseconds(30) + milliseconds(world.random().below(100)));
      const PeerId dead{world.random().below(count)};
      world.crash(dead);
      world.run_for(milliseconds(2000));
      world.run_until_quiet();
      world.for_each_living([&](PeerId id) {
        CHECK(world.node(id).exchange().members().living().size() == count - 1);
      });
      check_conserved_without(world, dead);
    }
  }
}

TEST_CASE("no codec that push-sum takes changes a total, whatever it loses and the network does") {
  for (const gossip::CodecName& codec : gossip::codec_names()) {
    if (!codec.unfit_for_push_sum.empty()) continue;
    double returned = 0.0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(codec.name, seed);
      GossipWorld world({.peer_count = 3 + seed % 3,
                         .topology = {.name = "random-k", .fanout = 2},
                         .link = kBadLink,
                         .seed = seed,
                         .codec = codec.name});
      world.run_for(milliseconds(30), [&] { check_conserved(world); });
      for (int turn = 0; turn < 5; ++turn) {
        world.run_for(milliseconds(30));
        check_conserved(world);
      }
      const PeerId dead{world.random().below(3)};
      world.crash(dead);
      world.run_for(milliseconds(2000));
      world.run_until_quiet();
      check_conserved_without(world, dead);
      world.for_each_living([&](PeerId id) {
        CHECK(world.node(id).exchange().traffic().messages_refused == 0);
        returned += world.node(id).taken_back().weight;
      });
    }
    CHECK(returned > 0.0);
  }
}

TEST_CASE("a crash in the middle of a push leaves every block of it on one side only") {
  std::size_t torn = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    // Slow enough that the blocks of one push arrive milliseconds apart.
    GossipWorld world({.peer_count = 2,
                       .topology = {},
                       .link = {.delay = milliseconds(1), .bandwidth_bytes = 60e3},
                       .seed = seed});
    world.run_for(milliseconds(20) + runtime::Duration(world.random().below(20'000'000)));
    world.crash(PeerId{1});
    world.run_for(milliseconds(2000));
    world.run_until_quiet();
    check_conserved_without(world, PeerId{1});
    test::GossipNode& survivor = world.node(PeerId{0});
    if (survivor.weight(0) != survivor.weight(2)) ++torn;
    CHECK(survivor.exchange().parcels_in_flight() == 0);
  }
  CHECK(torn > 0);
}

TEST_CASE("equal models stay equal under any delay, while weights move") {
  for (const gossip::TopologyOptions& topology : topologies()) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      CAPTURE(topology.name, seed);
      GossipWorld world(
          {.peer_count = 8, .topology = topology, .link = kBadLink, .seed = seed, .start = 2.0});
      double lightest = 1.0;
      for (int turn = 0; turn < 20; ++turn) {
        world.run_for(milliseconds(20));
        world.for_each_living([&](PeerId id) {
          test::GossipNode& node = world.node(id);
          node.fold();
          check_still(node.estimate(), 2.0);
          lightest = std::min(lightest, node.weight(0));
        });
      }
      CHECK(lightest < 0.5);
    }
  }
}

TEST_CASE("what has died, too, leaves the estimates of equal models alone") {
  GossipWorld world({.peer_count = 5, .topology = {}, .link = kBadLink, .start = 2.0});
  world.run_for(milliseconds(50));
  world.crash(PeerId{3});
  world.run_for(milliseconds(2000));
  world.run_until_quiet();
  world.for_each_living([&](PeerId id) {
    world.node(id).fold();
    check_still(world.node(id).estimate(), 2.0);
  });
}

TEST_CASE("two runs of one seed agree in every bit") {
  const auto run = [](std::uint64_t seed) {
    GossipWorld world({.peer_count = 4, .topology = {}, .link = kBadLink, .seed = seed});
    world.run_for(milliseconds(300));
    return std::pair(world.network().fingerprint(), world.held().x);
  };
  CHECK(run(5) == run(5));
  CHECK(run(5) != run(6));
}

TEST_CASE("nothing in a peer outgrows its bounds on a bad network") {
  GossipWorld world({.peer_count = 6, .topology = {.name = "complete"}, .link = kBadLink});
  world.network().link(PeerId{0}, PeerId{1}).cut = true;
  world.run_for(milliseconds(900), [&] {
    world.for_each_living([&](PeerId id) {
      // Two pushes of three blocks to each of five others.
      CHECK(world.node(id).exchange().parcels_in_flight() <= 2 * 3 * 5);
    });
  });
  std::size_t to_the_deaf = world.node(PeerId{0}).exchange().parcels_in_flight();
  CHECK(to_the_deaf >= 6);
}
