// Long runs: totals after a hundred thousand events of a bad network, a cut and a crash, with every
// codec that push-sum takes on every topology that is computed. Here short ones;
// scripts/conserve-many runs 200 seeds at full length.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "gossip/codec.h"
#include "tests/support/conserved.h"
#include "tests/support/gossip_world.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using runtime::PeerId;
using std::chrono::milliseconds;
using test::GossipWorld;

namespace {

std::vector<std::string_view> codecs() {
  std::vector<std::string_view> names;
  for (const gossip::CodecName& codec : gossip::codec_names())
    if (codec.unfit_for_push_sum.empty()) names.push_back(codec.name);
  return names;
}

std::vector<std::string_view> topologies() {
  std::vector<std::string_view> names;
  for (const gossip::TopologyName& topology : gossip::topology_names())
    // Nobody keeps to a view here: see exchange_view_test.cc.
    if (topology.name != "file" && topology.name != "view") names.push_back(topology.name);
  return names;
}

std::uint64_t run_events(GossipWorld& world, std::uint64_t count) {
  std::uint64_t events = 0;
  while (events < count && world.network().run_next_event()) ++events;
  return events;
}

void cut_for_a_while(GossipWorld& world, std::size_t peers, std::uint64_t events) {
  const PeerId one{world.random().below(peers)};
  const PeerId other{(runtime::value_of(one) + 1 + world.random().below(peers - 1)) % peers};
  world.network().link(one, other).cut = true;
  REQUIRE(run_events(world, events) == events);
  world.network().link(one, other).cut = false;
}

// A bad network, links that are cut for a while, and a crash halfway.
void check_totals(std::uint64_t seeds, std::uint64_t events) {
  const auto codec_names = codecs();
  const auto topology_names = topologies();
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    // The numbers of both have no common factor: so many seeds meet every pair.
    const std::string_view codec = codec_names[seed % codec_names.size()];
    const std::string topology(topology_names[seed % topology_names.size()]);
    CAPTURE(seed, codec, topology);
    const std::size_t peers = 3 + seed % 4;
    GossipWorld world({.peer_count = peers,
                       .topology = {.name = topology, .fanout = 2, .seed = seed, .file = {}},
                       .link = test::kBadLink,
                       .seed = seed,
                       .codec = codec,
                       .suspicion_multiplier = 60.0,  // a false death is another law's
                       .acknowledge = seed % 2 == 0 ? gossip::Acknowledge::kFolded
                                                    : gossip::Acknowledge::kArrived});
    for (int turn = 0; turn < 5; ++turn) {
      REQUIRE(run_events(world, events / 10) == events / 10);
      test::check_conserved(world);
      cut_for_a_while(world, peers, events / 100);
      test::check_conserved(world);
    }
    const PeerId dead{world.random().below(peers)};
    world.crash(dead);
    REQUIRE(run_events(world, events / 2) == events / 2);
    world.run_for(milliseconds(6000));
    world.run_until_quiet();
    world.for_each_living([&](PeerId id) {
      CHECK(world.node(id).exchange().members().living().size() == peers - 1);
    });
    test::check_conserved_without(world, dead);
  }
}

}  // namespace

TEST_CASE("totals stay exact, with every codec and on every topology") { check_totals(14, 2000); }

TEST_CASE("totals stay exact over long runs", "[.many]") { check_totals(200, 100'000); }
