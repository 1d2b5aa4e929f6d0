#include "gossip/members.h"

#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Members;
using gossip::MemberState;
using gossip::Phase;
using runtime::Duration;
using runtime::Instant;
using runtime::PeerId;

namespace {

Instant at(std::int64_t nanoseconds) { return Instant(Duration(nanoseconds)); }

Members three() { return {PeerId{1}, test::peers(3), at(0)}; }

std::vector<PeerId> living_of(const Members& members) {
  return {members.living().begin(), members.living().end()};
}
using Ids = std::vector<PeerId>;

}  // namespace

TEST_CASE("a lone peer is always alive and never waits for others") {
  Members members(PeerId{4}, {PeerId{4}}, at(0));
  CHECK(living_of(members) == Ids{PeerId{4}});
  CHECK(members.others_reached(Phase::kDrained));
}

TEST_CASE("members are sorted and named once") {
  const Members members(PeerId{1}, {PeerId{7}, PeerId{1}, PeerId{7}, PeerId{0}}, at(0));
  CHECK(Ids(members.all().begin(), members.all().end()) == Ids{PeerId{0}, PeerId{1}, PeerId{7}});
  CHECK(living_of(members) == Ids{PeerId{0}, PeerId{1}, PeerId{7}});
  CHECK(members.contains(PeerId{7}));
  CHECK_FALSE(members.contains(PeerId{2}));
}

TEST_CASE("a peer dies once, and nobody comes back") {
  Members members = three();
  members.left(PeerId{2});
  members.died(PeerId{0});
  members.heard(PeerId{0}, {.phase = Phase::kDrained, .step = 9}, at(1002));
  members.heard(PeerId{2}, at(1002));
  CHECK(members.state(PeerId{0}) == MemberState::kDead);
  CHECK(members.state(PeerId{2}) == MemberState::kLeft);
  CHECK(members.progress(PeerId{0}).step == 0);
  members.left(PeerId{0});
  members.suspected(PeerId{0});
  CHECK(members.state(PeerId{0}) == MemberState::kDead);
  CHECK(living_of(members) == Ids{PeerId{1}});
}

TEST_CASE("a suspect lives, until it is trusted again or found dead") {
  Members members = three();
  members.suspected(PeerId{0});
  CHECK(members.state(PeerId{0}) == MemberState::kSuspect);
  CHECK(members.is_living(PeerId{0}));
  members.trusted(PeerId{0});
  CHECK(members.state(PeerId{0}) == MemberState::kAlive);
  members.suspected(PeerId{0});
  members.died(PeerId{0});
  CHECK_FALSE(members.is_living(PeerId{0}));
}

TEST_CASE("the last sign of life does not go back") {
  Members members = three();
  CHECK(members.heard_at(PeerId{0}) == at(0));
  members.heard(PeerId{0}, at(900));
  members.heard(PeerId{0}, at(100));
  CHECK(members.heard_at(PeerId{0}) == at(900));
}

TEST_CASE("progress never goes back, whatever order heartbeats come in") {
  Members members = three();
  members.heard(PeerId{0}, {.phase = Phase::kTraining, .step = 5, .step_seconds = 0.5}, at(1));
  members.heard(PeerId{0}, {.phase = Phase::kTraining, .step = 4, .step_seconds = 0.4}, at(2));
  CHECK(members.progress(PeerId{0}).step == 5);
  CHECK(members.progress(PeerId{0}).step_seconds == 0.5);
  members.heard(PeerId{0}, {.phase = Phase::kMixing, .step = 5}, at(3));
  members.heard(PeerId{0}, {.phase = Phase::kTraining, .step = 6}, at(4));
  CHECK(members.progress(PeerId{0}).phase == Phase::kMixing);
}

TEST_CASE("a phase is reached once every other living peer is there") {
  Members members = three();
  CHECK(members.others_reached(Phase::kTraining));
  CHECK_FALSE(members.others_reached(Phase::kMixing));
  members.heard(PeerId{0}, {.phase = Phase::kDraining}, at(1));
  CHECK_FALSE(members.others_reached(Phase::kMixing));
  members.heard(PeerId{2}, {.phase = Phase::kMixing}, at(1));
  CHECK(members.others_reached(Phase::kMixing));
  CHECK_FALSE(members.others_reached(Phase::kSettling));
  members.left(PeerId{2});
  CHECK(members.others_reached(Phase::kDraining));
}

TEST_CASE("the slowest round is that of the living who train and were heard of") {
  Members members = three();
  CHECK_FALSE(members.slowest_round().has_value());
  members.heard_round(PeerId{0}, 7);
  CHECK(members.slowest_round() == 7);
  members.heard(PeerId{2}, {.phase = Phase::kTraining, .step = 1, .round = 3}, at(1));
  CHECK(members.slowest_round() == 3);
  members.heard_round(PeerId{2}, 2);  // overtaken on its way
  CHECK(members.slowest_round() == 3);
  members.heard(PeerId{2}, {.phase = Phase::kMixing, .step = 9, .round = 3}, at(2));
  CHECK(members.slowest_round() == 7);
  members.left(PeerId{0});
  CHECK_FALSE(members.slowest_round().has_value());
}

TEST_CASE("a newcomer is alive from the moment it joins, and so is who comes back") {
  Members members = three();
  members.joined(PeerId{7}, at(500));
  CHECK(living_of(members) == Ids{PeerId{0}, PeerId{1}, PeerId{2}, PeerId{7}});
  members.left(PeerId{2});
  members.joined(PeerId{2}, at(600));
  CHECK(members.state(PeerId{2}) == MemberState::kAlive);
  CHECK(members.progress(PeerId{2}).step == 0);
  CHECK(members.all().size() == 4);
}

TEST_CASE("lists that were shared part where a member leaves one of them") {
  const gossip::PeerList all = test::peers(3);
  Members one(PeerId{0}, all, at(0));
  const Members other(PeerId{1}, all, at(0));
  CHECK(one.living().data() == other.living().data());  // one list in memory
  one.left(PeerId{2});
  CHECK(living_of(one) == Ids{PeerId{0}, PeerId{1}});
  CHECK(living_of(other) == test::peers(3));
  CHECK(Ids(one.all().begin(), one.all().end()) == test::peers(3));
}
