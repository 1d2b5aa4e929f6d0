// Partial views of many peers on a simulated network: what holds for the whole overlay.
#include "tests/support/view_graph.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using runtime::PeerId;
using test::ViewGraph;
using test::ViewWorld;
using test::ViewWorldOptions;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

void check_bounds(const ViewWorld& world, const gossip::PartialViewOptions& options) {
  for (const PeerId peer : world.living()) {
    const gossip::PartialView& view = world.view(peer);
    REQUIRE(view.neighbour_count() <= options.neighbours_max);
    REQUIRE(view.circle().size() == view.neighbour_count() + 1);
    REQUIRE(view.others().size() <= options.others_max);
    for (const PeerId other : view.others()) REQUIRE_FALSE(view.is_neighbour(other));
    REQUIRE_FALSE(view.is_neighbour(peer));
  }
}

void crash_share(ViewWorld& world, double share) {
  for (const PeerId peer : world.living())
    if (world.random().uniform() < share) world.crash(peer);
}

// Messages of a peer in a second, once all have joined.
double messages_of(std::size_t peers) {
  ViewWorld world({.peers = peers});
  world.run_for(seconds(20));
  const std::uint64_t before = world.messages();
  world.run_for(seconds(20));
  return static_cast<double>(world.messages() - before) / static_cast<double>(peers) / 20.0;
}

std::uint64_t course(std::uint64_t seed) {
  ViewWorld world(
      {.peers = 100,
       .link = {.delay = milliseconds(1), .loss_probability = 0.05, .reorder_probability = 0.1},
       .seed = seed});
  world.run_for(seconds(20));
  return world.fingerprint();
}

}  // namespace

TEST_CASE("so few that all fit are all neighbours") {
  ViewWorld world({.peers = 6});
  world.run_for(seconds(20));
  for (const PeerId peer : world.living()) CHECK(world.view(peer).neighbour_count() == 5);
}

TEST_CASE("two thousand peers that join make one overlay of bounded, symmetric views") {
  ViewWorld world({.peers = 2000});
  world.run_for(milliseconds(2100));  // the last has just joined
  check_bounds(world, {});
  CHECK(ViewGraph(world).connected());
  world.run_for(seconds(30));
  check_bounds(world, {});
  world.fall_silent();
  const ViewGraph graph(world);
  CHECK(graph.connected());
  CHECK(graph.one_sided().empty());
  for (const PeerId peer : world.living()) CHECK(world.view(peer).neighbour_count() > 0);
}

TEST_CASE("all that join at once, each through one that came before it, are one overlay") {
  ViewWorld world({.peers = 1000, .join_gap = runtime::Duration(1000)});
  world.run_for(seconds(10));
  CHECK(ViewGraph(world).connected());
}

TEST_CASE("after most have crashed at once the rest are one overlay again") {
  const double share = GENERATE(0.5, 0.8);
  CAPTURE(share);
  ViewWorld world({.peers = 2000});
  world.run_for(seconds(40));
  crash_share(world, share);
  world.run_for(seconds(30));
  check_bounds(world, {});
  const ViewGraph graph(world);
  CHECK(graph.parts().front() == world.living().size());
  // Nobody holds a dead one for a neighbour any more.
  const std::vector<PeerId> living = world.living();
  for (const PeerId peer : living)
    for (const PeerId other : world.view(peer).circle())
      REQUIRE(std::ranges::binary_search(living, other));
}

TEST_CASE("peers that come and go all the time stay one overlay") {
  ViewWorld world({.peers = 300});
  world.run_for(seconds(10));
  for (int round = 0; round < 60; ++round) {
    const std::vector<PeerId> living = world.living();
    const PeerId victim = living[world.random().below(living.size())];
    world.crash(victim);
    world.run_for(seconds(1));
    world.come_back(victim);
  }
  world.run_for(seconds(5));
  CHECK(world.living().size() == 300);
  CHECK(ViewGraph(world).connected());
}

TEST_CASE("what is lost on the way is mended: no neighbourhood stays one-sided") {
  ViewWorld world(
      {.peers = 300,
       .link = {.delay = milliseconds(1), .loss_probability = 0.1, .reorder_probability = 0.1}});
  world.run_for(seconds(30));
  std::set<ViewGraph::Edge> lasting = ViewGraph(world).one_sided();
  for (int i = 0; i < 6; ++i) {
    world.run_for(seconds(1));
    const std::set<ViewGraph::Edge> now = ViewGraph(world).one_sided();
    std::erase_if(lasting, [&](const ViewGraph::Edge& edge) { return !now.contains(edge); });
  }
  CHECK(lasting.empty());
}

TEST_CASE("two overlays that began apart grow together once one peer hears of one of the other") {
  ViewWorld world({.peers = 200});
  const auto half = [](PeerId peer) { return runtime::value_of(peer) % 2; };
  world.may_join = [half](PeerId newcomer, PeerId contact) {
    return half(newcomer) == half(contact);
  };
  world.run_for(seconds(20));
  REQUIRE(ViewGraph(world).parts() == std::vector<std::size_t>{100, 100});
  world.tell(PeerId{0}, PeerId{1});
  world.run_for(seconds(300));
  CHECK(ViewGraph(world).connected());
}

TEST_CASE("what a peer says does not grow with their number") {
  const double few = messages_of(100);
  const double many = messages_of(2000);
  CAPTURE(few, many);
  CHECK(many < 1.1 * few);
  CHECK(many < 10.0);
}

TEST_CASE("a seed fixes the course of views, and another seed has another") {
  CHECK(course(1) == course(1));
  CHECK(course(1) != course(2));
}
