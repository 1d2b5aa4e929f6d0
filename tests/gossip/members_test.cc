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

constexpr Duration kSilenceMax{1000};
Instant at(std::int64_t nanoseconds) { return Instant(Duration(nanoseconds)); }

Members three() { return {PeerId{1}, test::peers(3), kSilenceMax, at(0)}; }

std::vector<PeerId> living_of(const Members& members) {
  return {members.living().begin(), members.living().end()};
}
using Ids = std::vector<PeerId>;

}  // namespace

TEST_CASE("a lone peer is always alive and never waits for others") {
  Members members(PeerId{4}, {PeerId{4}}, kSilenceMax, at(0));
  for (std::int64_t now = 0; now < 5000; now += 100) CHECK(members.tick(at(now)).empty());
  CHECK(living_of(members) == Ids{PeerId{4}});
  CHECK(members.others_reached(Phase::kDrained));
}

TEST_CASE("members are sorted and named once") {
  const Members members(PeerId{1}, {PeerId{7}, PeerId{1}, PeerId{7}, PeerId{0}}, kSilenceMax,
                        at(0));
  CHECK(Ids(members.all().begin(), members.all().end()) == Ids{PeerId{0}, PeerId{1}, PeerId{7}});
  CHECK(living_of(members) == Ids{PeerId{0}, PeerId{1}, PeerId{7}});
  CHECK(members.contains(PeerId{7}));
  CHECK_FALSE(members.contains(PeerId{2}));
}

TEST_CASE("a peer dies once it was silent for too long, and not before") {
  struct Row {
    std::int64_t heard_at;
    std::int64_t now;
    bool dead;
  };
  for (const Row row : {Row{0, 0, false}, Row{0, 999, false}, Row{0, 1000, true},
                        Row{400, 1399, false}, Row{400, 1400, true}, Row{2000, 1500, false}}) {
    CAPTURE(row.heard_at, row.now);
    Members members = three();
    members.heard(PeerId{0}, at(row.heard_at));
    std::vector<PeerId> died;
    for (std::int64_t now = 0; now <= row.now; now += 100) {
      members.heard(PeerId{2}, at(now));
      const auto dead = members.tick(at(now));
      died.insert(died.end(), dead.begin(), dead.end());
    }
    const auto dead = members.tick(at(row.now));
    died.insert(died.end(), dead.begin(), dead.end());
    CHECK(died == (row.dead ? Ids{PeerId{0}} : Ids{}));
    CHECK((members.state(PeerId{0}) == MemberState::kDead) == row.dead);
    CHECK(members.state(PeerId{2}) == MemberState::kAlive);
  }
}

TEST_CASE("an older moment of hearing does not make a peer look silent") {
  Members members = three();
  members.heard(PeerId{0}, at(900));
  members.heard(PeerId{0}, at(100));
  members.heard(PeerId{2}, at(900));
  for (std::int64_t now = 0; now < 1900; now += 100) CHECK(members.tick(at(now)).empty());
}

TEST_CASE("our own freeze proves nothing about the others") {
  Members members = three();
  CHECK(members.tick(at(100)).empty());
  CHECK(members.tick(at(5000)).empty());
  CHECK(members.tick(at(5400)).empty());
  CHECK(members.tick(at(5800)).empty());
  CHECK(members.tick(at(6000)) == Ids{PeerId{0}, PeerId{2}});
}

TEST_CASE("a peer dies once, and nobody comes back") {
  Members members = three();
  members.left(PeerId{2});
  for (std::int64_t now = 0; now < 1000; now += 250) (void)members.tick(at(now));
  CHECK(members.tick(at(1000)) == Ids{PeerId{0}});
  CHECK(members.tick(at(1001)).empty());
  members.heard(PeerId{0}, {.phase = Phase::kDrained, .step = 9}, at(1002));
  members.heard(PeerId{2}, at(1002));
  CHECK(members.state(PeerId{0}) == MemberState::kDead);
  CHECK(members.state(PeerId{2}) == MemberState::kLeft);
  CHECK(members.progress(PeerId{0}).step == 0);
  members.left(PeerId{0});
  CHECK(members.state(PeerId{0}) == MemberState::kDead);
  CHECK(living_of(members) == Ids{PeerId{1}});
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

TEST_CASE("with patience for ever nobody is taken for dead, and progress still counts") {
  Members members(PeerId{1}, test::peers(3), Members::kForEver, at(0));
  for (std::int64_t year = 0; year < 60; ++year)
    CHECK(members.tick(Instant(std::chrono::hours(24 * 365 * year))).empty());
  members.heard(PeerId{0}, {.phase = Phase::kMixing}, at(1));
  members.heard(PeerId{2}, {.phase = Phase::kMixing}, at(1));
  CHECK(members.others_reached(Phase::kMixing));
  members.left(PeerId{0});
  CHECK(members.state(PeerId{0}) == MemberState::kLeft);
  CHECK(living_of(members) == Ids{PeerId{1}, PeerId{2}});
}

TEST_CASE("lists that were shared part where a member leaves one of them") {
  const gossip::PeerList all = test::peers(3);
  Members one(PeerId{0}, all, kSilenceMax, at(0));
  const Members other(PeerId{1}, all, kSilenceMax, at(0));
  CHECK(one.living().data() == other.living().data());  // one list in memory
  one.left(PeerId{2});
  CHECK(living_of(one) == Ids{PeerId{0}, PeerId{1}});
  CHECK(living_of(other) == test::peers(3));
  CHECK(Ids(one.all().begin(), one.all().end()) == test::peers(3));
}
