// Membership of many peers on a simulated network, with SWIM alone beside it.
#include "tests/support/membership_tally.h"
#include "tests/support/plain_swim.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Membership;
using runtime::Duration;
using runtime::PeerId;
using test::MembershipTally;
using test::MembershipWorld;
using test::PlainSwim;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Of sixty peers a quarter stand still again and again, for less than a suspicion lasts.
template <typename Detector>
class Starved {
 public:
  explicit Starved(std::uint64_t seed) : world_({.peers = 60, .seed = seed}), tally_(world_, {}) {
    for (std::uint64_t i = 0; i < 15; ++i) starve(PeerId{i});
  }
  std::uint64_t wrong_deaths() {
    world_.run_for(seconds(30));
    return tally_.wrong_deaths;
  }

 private:
  void starve(PeerId id) {
    const Duration still = runtime::from_seconds(world_.random().uniform(0.5, 1.5));
    world_.stand_still(id, still);
    world_.call_at(world_.now() + still + milliseconds(10), [this, id] { starve(id); });
  }

  MembershipWorld<Detector> world_;
  MembershipTally<Detector> tally_;
};

template <typename Detector>
std::uint64_t course(std::uint64_t seed) {
  MembershipWorld<Detector> world(
      {.peers = 8, .link = {.delay = milliseconds(1), .loss_probability = 0.1}, .seed = seed});
  world.run_for(seconds(10));
  return world.fingerprint();
}

}  // namespace

TEMPLATE_TEST_CASE("on a network that is only late nobody is suspected", "", Membership,
                   PlainSwim) {
  MembershipWorld<TestType> world(
      {.peers = 32, .link = {.delay = milliseconds(2), .reorder_probability = 0.2}});
  const MembershipTally<TestType> tally(world, {});
  world.run_for(seconds(60));
  CHECK(tally.wrong_suspicions == 0);
  CHECK(tally.wrong_deaths == 0);
  // Each probes five times a second, and is answered.
  CHECK(world.messages() > 60 * 32 * 9);
}

TEMPLATE_TEST_CASE("a crash is known to all, and who comes back is a member again", "", Membership,
                   PlainSwim) {
  MembershipWorld<TestType> world({.peers = 16});
  MembershipTally<TestType> tally(world, {});
  world.run_for(seconds(2));
  tally.crashes(PeerId{3});
  world.crash(PeerId{3});
  world.run_for(seconds(8));
  REQUIRE(tally.detections().size() == 1);
  CHECK(tally.detections()[0].suspected_seconds > 0.0);
  REQUIRE(tally.detections()[0].known_seconds.has_value());
  CHECK(*tally.detections()[0].known_seconds <= 5.0);
  CHECK(tally.wrong_deaths == 0);
  world.come_back(PeerId{3});
  world.run_for(seconds(2));
  for (const PeerId id : world.living())
    CHECK(world.membership(id).members().living().size() == 16);
}

TEST_CASE("messages are lost, and nobody is taken for dead") {
  MembershipWorld<Membership> world(
      {.peers = 16, .link = {.delay = milliseconds(1), .loss_probability = 0.1}});
  const MembershipTally<Membership> tally(world, {});
  world.run_for(seconds(60));
  CHECK(tally.wrong_suspicions > 0);
  CHECK(tally.wrong_deaths == 0);
}

TEST_CASE("where a quarter stand still for moments, SWIM alone takes the living for dead") {
  std::uint64_t alone = 0;
  std::uint64_t ours = 0;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    alone += Starved<PlainSwim>(seed).wrong_deaths();
    ours += Starved<Membership>(seed).wrong_deaths();
  }
  CAPTURE(alone, ours);
  CHECK(alone > 50);
  CHECK(20 * ours <= alone);
}

TEMPLATE_TEST_CASE("one seed gives one course of events, another another", "", Membership,
                   PlainSwim) {
  CHECK(course<TestType>(1) == course<TestType>(1));
  CHECK(course<TestType>(1) != course<TestType>(2));
}
