// Suspicion, awareness, rumours and probes, one by one; then all of them at a table of peers.

#include "gossip/membership/membership.h"

#include <cmath>
#include <memory>
#include <vector>

#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Change;
using gossip::Members;
using gossip::Membership;
using gossip::MemberState;
using gossip::Probe;
using gossip::Prober;
using gossip::Question;
using gossip::Rumour;
using gossip::Rumours;
using gossip::Suspicion;
using gossip::SuspicionSpan;
using runtime::Duration;
using runtime::PeerId;
using test::at_ms;

namespace {

constexpr SuspicionSpan kTwoToThirty{std::chrono::seconds(2), std::chrono::seconds(30)};

double lasts(std::size_t confirmations, std::size_t looked_for, const SuspicionSpan& span) {
  return runtime::to_seconds(gossip::suspicion_lasts(confirmations, looked_for, span));
}

// Peers 0 .. count - 1 that pass probes and rumours on, at once, a millisecond at a time.
class Round {
 public:
  explicit Round(std::size_t count, std::uint64_t seed = 1) : silent(count, false) {
    for (const PeerId id : test::peers(count))
      ends_.push_back(std::make_unique<Membership>(
          gossip::MembershipOptions{.self = id,
                                    .incarnation = 1,
                                    .probe_interval = std::chrono::milliseconds(200),
                                    .seed = seed},
          Members(id, test::peers(count), at_ms(0)), at_ms(0)));
  }

  Membership& operator[](std::size_t i) { return *ends_[i]; }
  [[nodiscard]] std::int64_t now() const { return now_; }

  void run_until(std::int64_t end_ms) {
    for (; now_ < end_ms; ++now_)
      for (std::size_t i = 0; i < ends_.size(); ++i) {
        if (silent[i]) continue;
        ends_[i]->tick(at_ms(now_));
        pass_from(i);
      }
  }

  std::vector<bool> silent;  // neither hear nor speak
  std::vector<std::pair<std::size_t, Change>> changes;

 private:
  void pass_from(std::size_t i) {
    for (const Change& change : ends_[i]->take_changes()) changes.emplace_back(i, change);
    for (const Question& question : ends_[i]->take_questions()) {
      const std::size_t to = runtime::value_of(question.to);
      const auto rumours = ends_[i]->rumours_for(question.to);
      if (silent[to]) continue;
      (void)ends_[to]->recognises(PeerId{i}, 1);
      ends_[to]->hear(PeerId{i}, question.probe, at_ms(now_));
      for (const Rumour& rumour : rumours) ends_[to]->hear(rumour, at_ms(now_));
      pass_from(to);
    }
  }

  std::vector<std::unique_ptr<Membership>> ends_;
  std::int64_t now_ = 0;
};

std::size_t count_of(const Round& round, MemberState state) {
  return static_cast<std::size_t>(std::ranges::count_if(
      round.changes, [state](const auto& entry) { return entry.second.state == state; }));
}

}  // namespace

TEST_CASE("a suspicion lasts the shorter the more confirm it, as memberlist has it") {
  CHECK(lasts(0, 3, kTwoToThirty) == Approx(30.0));
  CHECK(lasts(1, 3, kTwoToThirty) == Approx(16.0).epsilon(1e-3));
  CHECK(lasts(2, 3, kTwoToThirty) == Approx(7.81).epsilon(1e-3));
  CHECK(lasts(3, 3, kTwoToThirty) == Approx(2.0));
  CHECK(lasts(4, 3, kTwoToThirty) == Approx(2.0));
  const SuspicionSpan half_to_two{std::chrono::milliseconds(500), std::chrono::seconds(2)};
  CHECK(lasts(0, 3, half_to_two) == Approx(2.0));
  CHECK(lasts(1, 3, half_to_two) == Approx(1.25));
  CHECK(lasts(2, 3, half_to_two) == Approx(0.81).epsilon(1e-2));
  CHECK(lasts(3, 3, half_to_two) == Approx(0.5));
}

TEST_CASE("suspicions of larger runs last longer") {
  const auto scale = [](std::size_t members) {
    const auto span = gossip::suspicion_span(members, std::chrono::seconds(1), 3.0);
    return runtime::to_seconds(span.min) / 3.0;
  };
  CHECK(scale(5) == Approx(1.0));
  CHECK(scale(10) == Approx(1.0));
  CHECK(scale(50) == Approx(1.698).epsilon(1e-3));
  CHECK(scale(100) == Approx(2.0));
  CHECK(scale(500) == Approx(2.698).epsilon(1e-3));
  CHECK(scale(1000) == Approx(3.0));
}

TEST_CASE("only members of their own count as confirming a suspicion, and three are enough") {
  Suspicion suspicion(PeerId{1}, 10, kTwoToThirty, std::chrono::milliseconds(500), at_ms(0));
  CHECK_FALSE(suspicion.confirm(PeerId{1}));
  CHECK(suspicion.confirm(PeerId{2}));
  CHECK_FALSE(suspicion.confirm(PeerId{2}));
  CHECK(suspicion.confirm(PeerId{3}));
  CHECK(suspicion.ends_at() > at_ms(2000));
  CHECK(suspicion.confirm(PeerId{4}));
  CHECK_FALSE(suspicion.confirm(PeerId{5}));
  CHECK(suspicion.ends_at() == at_ms(2000));
  suspicion.postpone(std::chrono::seconds(1));
  CHECK(suspicion.ends_at() == at_ms(3000));
}

TEST_CASE("a suspect is asked again and again, less often by each in a large run") {
  Suspicion suspicion(PeerId{1}, 10, kTwoToThirty, std::chrono::milliseconds(500), at_ms(0));
  int asked = 0;
  for (std::int64_t now = 0; now < 2000; now += 50) asked += suspicion.asks(at_ms(now)) ? 1 : 0;
  CHECK(asked == 4);

  const auto every = [](std::size_t members) {
    const auto interval = std::chrono::milliseconds(200);
    return gossip::ask_interval(members, interval, gossip::suspicion_span(members, interval, 7.0));
  };
  CHECK(every(2) == std::chrono::milliseconds(200));
  CHECK(every(8) == std::chrono::milliseconds(200));
  CHECK(every(16) == std::chrono::milliseconds(400));
  // Three times at least while it may refute.
  CHECK(3 * every(1000) <= gossip::suspicion_span(1000, std::chrono::milliseconds(200), 7.0).min);
}

TEST_CASE("a rumour is told a bounded number of times, the least told first") {
  CHECK(gossip::times_to_tell(0) == 3);
  CHECK(gossip::times_to_tell(1) == 3);
  CHECK(gossip::times_to_tell(99) == 6);
  Rumours rumours;
  for (std::uint64_t about = 0; about < gossip::kRumoursMax + 4; ++about)
    rumours.spread({.about = PeerId{about}, .state = MemberState::kSuspect});
  std::size_t sum = rumours.take(gossip::kRumoursMax, 8).size();
  CHECK(sum == gossip::kRumoursMax);
  CHECK(rumours.take(1, 8)[0].about == PeerId{gossip::kRumoursMax});
  ++sum;
  while (!rumours.empty()) sum += rumours.take(gossip::kRumoursMax, 8).size();
  CHECK(sum == 3 * (gossip::kRumoursMax + 4));
}

TEST_CASE("newer news of a member take the place of older") {
  Rumours rumours;
  rumours.spread({.about = PeerId{1}, .state = MemberState::kSuspect});
  rumours.spread({.about = PeerId{1}, .refutation = 1, .state = MemberState::kAlive});
  const auto told = rumours.take(gossip::kRumoursMax, 8);
  REQUIRE(told.size() == 1);
  CHECK(told[0].state == MemberState::kAlive);
}

TEST_CASE("everybody is probed once in a time round, and who does not answer is named") {
  Prober prober({.self = PeerId{0}, .interval = std::chrono::milliseconds(200), .seed = 3},
                at_ms(0));
  const std::vector<PeerId> others{PeerId{1}, PeerId{2}, PeerId{3}};
  std::vector<std::size_t> probed(4, 0);
  std::vector<PeerId> silent;
  std::size_t relayed = 0;
  for (std::int64_t now = 0; now < 200 * 60; ++now) {
    if (const auto named = prober.tick(others, at_ms(now))) silent.push_back(*named);
    for (const Question& question : prober.take_questions()) {
      if (question.probe.kind == Probe::Kind::kRelay) {
        ++relayed;
        CHECK(question.probe.about == PeerId{2});
        CHECK(question.to != PeerId{2});
        prober.hear(question.to,
                    {Probe::Kind::kUnreachable, question.probe.number, question.probe.about},
                    at_ms(now));
        continue;
      }
      ++probed[runtime::value_of(question.to)];
      if (question.to != PeerId{2})
        prober.hear(question.to, {Probe::Kind::kAnswer, question.probe.number, question.to},
                    at_ms(now));
    }
  }
  const std::size_t turns = probed[2] / (1 + Prober::kAskedAgain);
  CHECK(probed[2] == turns * (1 + Prober::kAskedAgain));
  CHECK(probed[1] + turns + probed[3] >= 58);
  CHECK(probed[1] <= probed[3] + 2);
  CHECK(turns <= probed[3] + 2);
  CHECK(silent.size() >= turns - 1);
  for (const PeerId named : silent) CHECK(named == PeerId{2});
  CHECK(relayed == 2 * turns);             // both others were asked
  CHECK(prober.awareness().score() == 0);  // they spoke, so the fault is not ours
}

TEST_CASE("where relays are silent too a peer mistrusts itself, and is more patient") {
  Prober prober({.self = PeerId{0}, .interval = std::chrono::milliseconds(200), .seed = 3},
                at_ms(0));
  const std::vector<PeerId> others{PeerId{1}, PeerId{2}, PeerId{3}};
  std::size_t probes = 0;
  for (std::int64_t now = 0; now < 200 * 60; ++now) {
    (void)prober.tick(others, at_ms(now));
    for (const Question& question : prober.take_questions())
      if (question.probe.kind == Probe::Kind::kProbe) ++probes;
  }
  CHECK(prober.awareness().score() == gossip::Awareness::kWorst);
  CHECK(probes < 15 * (1 + Prober::kAskedAgain));
}

TEST_CASE("one answer of those to all questions is enough, and each says what it took itself") {
  Prober prober({.self = PeerId{0}, .interval = std::chrono::milliseconds(200), .seed = 3},
                at_ms(0));
  const std::vector<PeerId> others{PeerId{1}, PeerId{2}, PeerId{3}};
  const std::size_t lost =
      GENERATE(as<std::size_t>{}, 0, 1, Prober::kAskedAgain, Prober::kAskedAgain + 1);
  CAPTURE(lost);
  std::size_t asked = 0;
  std::size_t silent = 0;
  for (std::int64_t now = 0; now < 200 * 60; ++now) {
    if (prober.tick(others, at_ms(now))) ++silent;
    for (const Question& question : prober.take_questions()) {
      if (question.probe.kind != Probe::Kind::kProbe) continue;
      if (asked++ % (lost + 1) < lost) continue;
      prober.hear(question.to, {Probe::Kind::kAnswer, question.probe.number, question.to},
                  at_ms(now + 7));
    }
  }
  CHECK((silent > 0) == (lost > Prober::kAskedAgain));
  for (const auto& [peer, span] : prober.take_round_trips())
    CHECK(span == std::chrono::milliseconds(7));
}

TEST_CASE("who has many questions unanswered goes on asking for others") {
  Prober prober({.self = PeerId{0}, .interval = std::chrono::milliseconds(200), .seed = 3},
                at_ms(0));
  const std::vector<PeerId> others{PeerId{1}, PeerId{2}, PeerId{3}};
  std::int64_t now = 0;
  for (; now < 200 * 500; ++now) {  // nobody answers
    (void)prober.tick(others, at_ms(now));
    (void)prober.take_questions();
  }
  const auto asks_for = [&](std::uint64_t number) {
    prober.hear(PeerId{1}, {Probe::Kind::kRelay, number, PeerId{2}}, at_ms(now));
    const auto questions = prober.take_questions();
    return questions.size() == 1 && questions[0].to == PeerId{2};
  };
  for (std::uint64_t number = 0; number < Prober::kRelayingMax; ++number) CHECK(asks_for(number));
  CHECK_FALSE(asks_for(Prober::kRelayingMax));  // not more than that at once
  now += 2000;  // as patient as it is with itself by now, it has given them up
  (void)prober.tick(others, at_ms(now));
  (void)prober.take_questions();
  CHECK(asks_for(0));
}

TEST_CASE(
    "what others took to answer while we stood still does not make us slow to notice a crash") {
  const Duration interval = std::chrono::milliseconds(200);
  Membership membership({.self = PeerId{0},
                         .incarnation = 1,
                         .probe_interval = interval,
                         .suspicion_multiplier = 7.0,
                         .seed = 3},
                        gossip::Members(PeerId{0}, {PeerId{0}, PeerId{1}, PeerId{2}}, at_ms(0)),
                        at_ms(0));
  std::vector<Question> unanswered;
  const auto run = [&](std::int64_t from, std::int64_t to, bool answered) {
    for (std::int64_t now = from; now < to; ++now) {
      membership.tick(at_ms(now));
      for (const Question& question : membership.take_questions()) {
        if (question.probe.kind != Probe::Kind::kProbe) continue;
        unanswered.push_back(question);
        if (!answered || now + 1 == to) continue;
        membership.hear(question.to, {Probe::Kind::kAnswer, question.probe.number, question.to},
                        at_ms(now));
        unanswered.clear();
      }
    }
  };
  run(0, 3000, true);
  run(3000, 3250, false);  // they answer, and we stand still before we hear of it
  REQUIRE_FALSE(unanswered.empty());
  for (const Question& question : unanswered)
    membership.hear(question.to, {Probe::Kind::kAnswer, question.probe.number, question.to},
                    at_ms(7000));
  run(7000, 7500, true);
  REQUIRE(membership.members().state(PeerId{1}) == MemberState::kAlive);
  run(7500, 9500, false);  // both crash
  const bool noticed = membership.members().state(PeerId{1}) != MemberState::kAlive ||
                       membership.members().state(PeerId{2}) != MemberState::kAlive;
  CHECK(noticed);
}

TEST_CASE("one member on a slow link keeps nobody from noticing that another is silent") {
  Prober prober({.self = PeerId{0}, .interval = std::chrono::milliseconds(200), .seed = 3},
                at_ms(0));
  const std::vector<PeerId> others{PeerId{1}, PeerId{2}, PeerId{3}};
  std::vector<std::pair<std::int64_t, Question>> slow;  // when its answers come
  std::optional<std::int64_t> noticed;
  for (std::int64_t now = 0; now < 30'000; ++now) {
    const auto named = prober.tick(others, at_ms(now));
    if (named == PeerId{2} && !noticed) noticed = now - 20'000;
    for (const Question& question : prober.take_questions()) {
      if (question.probe.kind != Probe::Kind::kProbe) continue;
      if (question.to == PeerId{1}) slow.emplace_back(now + 2000, question);
      const bool answers = question.to == PeerId{3} || (question.to == PeerId{2} && now < 20'000);
      if (answers)
        prober.hear(question.to, {Probe::Kind::kAnswer, question.probe.number, question.to},
                    at_ms(now));
    }
    for (const auto& [at, question] : slow)
      if (at == now)
        prober.hear(question.to, {Probe::Kind::kAnswer, question.probe.number, question.to},
                    at_ms(now));
  }
  REQUIRE(noticed);
  CHECK(*noticed <= 3000);
}

TEST_CASE("a link's deadline follows what its answers take") {
  gossip::RoundTrips trips;
  const Duration shortest = std::chrono::milliseconds(100);
  CHECK(trips.deadline(shortest) == shortest);
  for (int turn = 0; turn < 50; ++turn) trips.add(std::chrono::milliseconds(300));
  CHECK(trips.deadline(shortest) >= std::chrono::milliseconds(300));
  CHECK(trips.deadline(shortest) < std::chrono::milliseconds(310));
  for (int turn = 0; turn < 50; ++turn) trips.add(std::chrono::milliseconds(1));
  CHECK(trips.deadline(shortest) == shortest);
}

TEST_CASE("without faults nobody is ever suspected") {
  Round round(5);
  round.run_until(60'000);
  CHECK(round.changes.empty());
}

TEST_CASE("a silent peer is suspected, then found dead by everybody within three seconds") {
  for (const std::size_t count : {2U, 4U, 16U}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      CAPTURE(count, seed);
      Round round(count, seed);
      round.run_until(1000);
      round.silent[1] = true;
      round.run_until(4000);
      for (std::size_t i = 0; i < count; ++i)
        if (i != 1) CHECK(round[i].members().state(PeerId{1}) == MemberState::kDead);
      CHECK(count_of(round, MemberState::kDead) == count - 1);
    }
  }
}

TEST_CASE("a suspect is told of it with every message, and answers an old suspicion again") {
  Membership one({.self = PeerId{0}}, Members(PeerId{0}, test::peers(3), at_ms(0)), at_ms(0));
  one.hear({PeerId{1}, 1, 0, MemberState::kSuspect, PeerId{2}}, at_ms(1));
  for (int turn = 0; turn < 20; ++turn) {
    const auto told = one.rumours_for(PeerId{1});
    REQUIRE_FALSE(told.empty());
    CHECK(told[0].about == PeerId{1});
    CHECK(told[0].state == MemberState::kSuspect);
  }
  Membership other({.self = PeerId{1}}, Members(PeerId{1}, test::peers(3), at_ms(0)), at_ms(0));
  for (int turn = 0; turn < 3; ++turn) {
    other.hear({PeerId{1}, 1, 0, MemberState::kSuspect, PeerId{0}}, at_ms(2));
    const auto told = other.rumours_for(PeerId{0});
    REQUIRE(told.size() == 1);
    CHECK(told[0] == Rumour{PeerId{1}, 1, 1, MemberState::kAlive, PeerId{1}});
    while (!other.rumours_for(PeerId{0}).empty()) continue;
  }
}

TEST_CASE("who is silent for less than a suspicion lasts refutes it, and stays") {
  Round round(6);
  round.run_until(1000);
  round.silent[1] = true;
  round.run_until(1900);
  CHECK(count_of(round, MemberState::kSuspect) > 0);
  round.silent[1] = false;
  round.run_until(8000);
  CHECK(count_of(round, MemberState::kDead) == 0);
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(round[i].members().state(PeerId{1}) == MemberState::kAlive);
  CHECK_FALSE(round[1].expelled());
}

TEST_CASE("who is told that it is dead knows; of a former life it does not care") {
  Membership membership({.self = PeerId{0}, .incarnation = 5},
                        Members(PeerId{0}, test::peers(2), at_ms(0)), at_ms(0));
  membership.hear({.about = PeerId{0}, .incarnation = 4, .state = MemberState::kDead}, at_ms(1));
  CHECK_FALSE(membership.expelled());
  membership.hear({.about = PeerId{0}, .incarnation = 5, .state = MemberState::kDead}, at_ms(1));
  CHECK(membership.expelled());
}

TEST_CASE("an old suspicion does not count against a refutation, nor one of another life") {
  Membership membership({.self = PeerId{0}}, Members(PeerId{0}, test::peers(3), at_ms(0)),
                        at_ms(0));
  const auto about_one = [](std::uint64_t incarnation, std::uint64_t refutation,
                            MemberState state) {
    return Rumour{PeerId{1}, incarnation, refutation, state, PeerId{2}};
  };
  membership.hear(about_one(1, 0, MemberState::kSuspect), at_ms(1));
  CHECK(membership.members().state(PeerId{1}) == MemberState::kSuspect);
  membership.hear(about_one(1, 1, MemberState::kAlive), at_ms(2));
  CHECK(membership.members().state(PeerId{1}) == MemberState::kAlive);
  membership.hear(about_one(1, 0, MemberState::kSuspect), at_ms(3));
  CHECK(membership.members().state(PeerId{1}) == MemberState::kAlive);
  for (const std::uint64_t other : {2U, 7U}) {
    membership.hear(about_one(other, 9, MemberState::kDead), at_ms(4));
    CHECK(membership.members().state(PeerId{1}) == MemberState::kAlive);
  }
  membership.hear(about_one(1, 0, MemberState::kDead), at_ms(5));
  CHECK(membership.members().state(PeerId{1}) == MemberState::kDead);
  membership.hear(about_one(1, 9, MemberState::kAlive), at_ms(6));
  CHECK(membership.members().state(PeerId{1}) == MemberState::kDead);
}

TEST_CASE("who is said to have left has a while for its last words") {
  Membership membership({.self = PeerId{0}}, Members(PeerId{0}, test::peers(3), at_ms(0)),
                        at_ms(0));
  (void)membership.recognises(PeerId{1}, 1);
  membership.hear({PeerId{1}, 1, 0, MemberState::kLeft, PeerId{1}}, at_ms(0));
  CHECK(membership.members().is_living(PeerId{1}));
  for (std::int64_t now = 0; now <= 1500; now += 100) membership.tick(at_ms(now));
  CHECK(membership.members().state(PeerId{1}) == MemberState::kLeft);
}
