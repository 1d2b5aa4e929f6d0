// Peers that die, leave, or were never ours; messages that must be refused.

#include <algorithm>
#include <chrono>
#include <vector>

#include "gossip/exchange.h"
#include "tests/support/exchange_table.h"
#include "tests/support/take_all.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Event;
using gossip::Exchange;
using gossip::Goodbye;
using gossip::Heartbeat;
using gossip::MemberEvent;
using gossip::MemberState;
using gossip::Phase;
using gossip::Refusal;
using gossip::RefusalEvent;
using runtime::Channel;
using runtime::Delivery;
using runtime::PeerId;
using test::at_ms;
using test::ExchangeTable;

namespace {

// Time passes for peer 0, which hears nothing; returns the first death.
MemberEvent wait_for_death(Exchange& exchange) {
  for (std::int64_t now = 0; now < 10'000; now += 100) {
    exchange.tick(at_ms(now));
    for (const Event& event : exchange.take_events())
      if (const auto* member = std::get_if<MemberEvent>(&event))
        if (member->state == MemberState::kDead) return *member;
  }
  FAIL("nobody died");
  return {};
}

std::vector<RefusalEvent> refusals_of(Exchange& exchange) {
  std::vector<RefusalEvent> refusals;
  for (const Event& event : exchange.take_events())
    if (const auto* refusal = std::get_if<RefusalEvent>(&event)) refusals.push_back(*refusal);
  return refusals;
}

// Peers 0, 1 and 2, of whom 0 never hears what 1 says. Until 10 s.
void pass_time_one_way(ExchangeTable& table, std::int64_t mixing_from_ms) {
  for (std::int64_t now = 0; now < 10'000; now += 20) {
    for (std::uint64_t peer = 0; peer < 3; ++peer) {
      if (now >= mixing_from_ms) table[peer].set_progress({.phase = Phase::kMixing});
      table[peer].tick(at_ms(now));
    }
    for (std::uint64_t from = 0; from < 3; ++from)
      for (std::uint64_t to = 0; to < 3; ++to)
        if (from == 1 && to == 0)
          (void)table.take(from, to, at_ms(now));
        else if (from != to)
          table.pass(from, to, at_ms(now));
  }
}

// Whether it hangs up on that peer and dials it again.
bool dials_again(Exchange& exchange, PeerId peer) {
  const std::vector<PeerId> partings = exchange.take_partings();
  const std::vector<gossip::Contact> dials = exchange.take_dials();
  return std::ranges::find(partings, peer) != partings.end() &&
         std::ranges::find(dials, peer, &gossip::Contact::id) != dials.end();
}

void hear_parcel(Exchange& exchange, const gossip::Sender& from) {
  test::hear(exchange, test::delivery_of(test::a_parcel(), from), at_ms(0));
}

}  // namespace

TEST_CASE("a silent peer is declared dead, and what was in flight to it comes back") {
  ExchangeTable table(2);
  table.push(0, 1);
  (void)table.take(0, 1, at_ms(0));
  const MemberEvent event = wait_for_death(table[0]);
  CHECK(event.peer == PeerId{1});
  CHECK(event.state == MemberState::kDead);
  CHECK(event.mass_taken_back == 1.5);
  CHECK(table[0].mass_in_flight() == 0.0);
  CHECK(table[0].inbox().weight() == 1.5);
  const gossip::BlockArrival back = table[0].inbox().take(2, 1).value();
  CHECK(back.factor * back.numbers.as<double>()[0] == 2.5);
}

TEST_CASE("of a push that was cut short by a death, only what was not acknowledged comes back") {
  ExchangeTable table(2);
  table.push(0, 1);
  const auto said = table.take(0, 1, at_ms(0));
  test::hear(table[1], said[1], at_ms(0));
  table.pass(1, 0, at_ms(0));
  CHECK(wait_for_death(table[0]).mass_taken_back == 1.0);
  const test::Taken arrivals(table[0].inbox(), test::small_layout(), 1);
  REQUIRE(arrivals.size() == 2);
  CHECK(arrivals[0].block == 0);
  CHECK(arrivals[1].block == 2);
}

TEST_CASE("nothing more is said to the dead, and nothing pushed to them") {
  ExchangeTable table(2);
  table.push(0, 1);
  (void)wait_for_death(table[0]);
  CHECK_FALSE(table[0].has_room(PeerId{1}));
  table[0].set_progress({.phase = gossip::Phase::kMixing});
  table[0].say_goodbye();
  CHECK(table.take(0, 1, at_ms(5000)).empty());
  CHECK(table[0].quiet());
}

TEST_CASE("messages from the dead are refused, and do not wake them") {
  ExchangeTable table(2);
  (void)wait_for_death(table[0]);
  hear_parcel(table[0], ExchangeTable::sender(PeerId{1}));
  test::hear(table[0], test::delivery_of(Heartbeat{}, ExchangeTable::sender(PeerId{1})), at_ms(0));
  const auto refusals = refusals_of(table[0]);
  REQUIRE(refusals.size() == 2);
  CHECK(refusals[0].reason == Refusal::kFromTheDead);
  CHECK(table[0].inbox().empty());
  CHECK(table[0].members().state(PeerId{1}) == MemberState::kDead);
}

TEST_CASE("who answers lives, whoever else is silent") {
  ExchangeTable table(3);
  for (std::int64_t now = 0; now <= 5000; now += 50) {
    for (const std::uint64_t peer : {0U, 1U}) table[peer].tick(at_ms(now));
    for (int turn = 0; turn < 2; ++turn) {
      table.pass(0, 1, at_ms(now));
      table.pass(1, 0, at_ms(now));
    }
  }
  CHECK(table[0].members().state(PeerId{1}) == MemberState::kAlive);
  CHECK(table[0].members().state(PeerId{2}) == MemberState::kDead);
  CHECK(table[1].members().state(PeerId{2}) == MemberState::kDead);
}

TEST_CASE("who is told that it is dead comes back as its next incarnation, and is let in") {
  ExchangeTable table(2, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kArrived, true);
  table.push(0, 1);
  table.push(1, 0);
  table.settle(at_ms(0));
  (void)wait_for_death(table[0]);  // peer 1 stood still meanwhile
  for (std::int64_t now = 10'000; now <= 12'000; now += 100) {
    table[0].tick(at_ms(now));
    table.pass(0, 1, at_ms(now));
  }
  REQUIRE(table[1].expelled());
  const auto reborn = table[1].next_life(at_ms(12'000));
  // What was meant for its former life is not booked in this one.
  gossip::Parcel old = test::a_parcel();
  old.recipient = ExchangeTable::sender(PeerId{1}).incarnation;
  test::hear(*reborn, test::delivery_of(old, ExchangeTable::sender(PeerId{0})), at_ms(12'000));
  old.recipient = 0;
  test::hear(*reborn, test::delivery_of(old, ExchangeTable::sender(PeerId{0})), at_ms(12'000));
  CHECK(reborn->inbox().empty());
  CHECK(reborn->parcels_in_flight() == 0);
  const auto* hello = reborn->next(PeerId{0}, Channel::kControl, at_ms(12'000));
  REQUIRE(hello != nullptr);
  test::hear(table[0], {PeerId{1}, Channel::kControl, *hello}, at_ms(12'000));
  CHECK(table[0].members().state(PeerId{1}) == MemberState::kAlive);
  CHECK(table[0].has_room(PeerId{1}));
}

TEST_CASE("who came back greets until its new life is known, whatever is said to the former one") {
  ExchangeTable table(3, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kArrived, true);
  // Peer 0 finds it dead, and says so to it alone; peer 2, which lives, hears only probes.
  for (std::int64_t now = 0; !table[1].expelled(); now += 50) {
    REQUIRE(now < 30'000);
    table[0].tick(at_ms(now));
    const bool dead = !table[0].members().is_living(PeerId{1});
    if (dead) table.pass(0, 1, at_ms(now));
    if (!dead) static_cast<void>(table.take(0, 1, at_ms(now)));
    table.pass(0, 2, at_ms(now));
    table.pass(2, 0, at_ms(now));
  }
  table.replace(1, table[1].next_life(at_ms(20'000)));
  // Its hello to peer 2 is lost, and the new life hears what that one says to the former.
  REQUIRE_FALSE(table.take(1, 2, at_ms(20'000)).empty());
  table[2].set_progress({.phase = Phase::kTraining, .step = 1});
  table[2].tick(at_ms(20'000));
  REQUIRE(table.pass(2, 1, at_ms(20'000)) > 0);
  for (std::int64_t now = 20'100; now <= 40'000; now += 100) {
    for (const std::uint64_t peer : {1U, 2U}) table[peer].tick(at_ms(now));
    table.pass(1, 2, at_ms(now));
    table.pass(2, 1, at_ms(now));
  }
  table.push(1, 2);
  table.pass(1, 2, at_ms(40'000));
  CHECK(table[2].inbox().weight() == 1.5);
}

TEST_CASE("a life of a member that nobody introduced makes the one before suspect, and tells it") {
  ExchangeTable table(2, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kArrived, true);
  table.push(1, 0);
  table.settle(at_ms(0));
  table.replace(1, table[1].next_life(at_ms(0)));
  REQUIRE_FALSE(table.take(1, 0, at_ms(0)).empty());  // its hello is lost
  table.push(1, 0);
  table.pass(1, 0, at_ms(0));
  CHECK(table[0].members().state(PeerId{1}) == MemberState::kSuspect);
  table[0].tick(at_ms(150));
  table.pass(0, 1, at_ms(150));             // the suspicion goes along
  CHECK(table.pass(1, 0, at_ms(150)) > 0);  // a hello again
  CHECK(table[0].members().state(PeerId{1}) == MemberState::kAlive);
}

TEST_CASE("a new life knows the others' lives from the one before, and no older news of them") {
  ExchangeTable table(3, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kArrived, true);
  table.push(1, 0);
  table.settle(at_ms(0));
  const gossip::Rumour old{.about = PeerId{1},
                           .incarnation = ExchangeTable::sender(PeerId{1}).incarnation,
                           .refutation = 0,
                           .state = MemberState::kDead,
                           .from = PeerId{2}};
  table.replace(1, table[1].next_life(at_ms(0)));
  table.settle(at_ms(0));
  table.replace(0, table[0].next_life(at_ms(0)));
  REQUIRE(table[0].members().is_living(PeerId{1}));
  Heartbeat news;
  news.rumours = {old};
  table[0].receive({.from = ExchangeTable::sender(PeerId{2}), .body = news}, 1, at_ms(0));
  CHECK(table[0].members().is_living(PeerId{1}));
}

TEST_CASE("a roster does not raise the dead, also where nobody knows their address") {
  ExchangeTable table(3, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kArrived, true);
  table.push(2, 0);
  table.settle(at_ms(0));
  (void)wait_for_death(table[0]);
  for (std::int64_t now = 10'000; now <= 20'000; now += 100) table[0].tick(at_ms(now));
  REQUIRE(table[0].members().living().size() == 1);
  table.replace(1, table[1].next_life(at_ms(20'000)));
  table.pass(1, 0, at_ms(20'000));
  REQUIRE(table[0].members().living().size() == 2);
  gossip::Sender from = ExchangeTable::sender(PeerId{1});
  ++from.incarnation;
  gossip::Contact dead;
  dead.id = PeerId{2};
  dead.incarnation = ExchangeTable::sender(PeerId{2}).incarnation;
  table[0].receive({.from = from, .body = gossip::Roster{.contacts = {dead}}}, 1, at_ms(20'000));
  CHECK(table[0].members().living().size() == 2);
  ++dead.incarnation;
  table[0].receive({.from = from, .body = gossip::Roster{.contacts = {dead}}}, 1, at_ms(20'000));
  CHECK(table[0].members().living().size() == 3);
}

TEST_CASE("a goodbye is the last thing said, after what was waiting") {
  ExchangeTable table(2);
  table.push(1, 0);
  table.pass(1, 0, at_ms(0));
  table[0].tick(at_ms(0));
  table[0].say_goodbye();
  CHECK_FALSE(table[0].quiet());
  const auto said = table.take(0, 1, at_ms(0));
  REQUIRE(said.size() == 2);  // the acknowledgement, the goodbye
  for (const Delivery& delivery : said) test::hear(table[1], delivery, at_ms(0));
  CHECK(table[1].parcels_in_flight() == 0);
  CHECK(table[1].members().state(PeerId{0}) == MemberState::kLeft);
  table[0].tick(at_ms(500));
  table[0].say_goodbye();
  CHECK(table.take(0, 1, at_ms(500)).empty());
  CHECK(table[0].quiet());
}

TEST_CASE("what is in flight to a peer that leaves comes back") {
  ExchangeTable table(2);
  table.push(0, 1);
  test::hear(table[0], test::delivery_of(Goodbye{}, ExchangeTable::sender(PeerId{1})), at_ms(0));
  const auto events = table[0].take_events();
  REQUIRE(events.size() == 1);
  CHECK(std::get<MemberEvent>(events[0]).state == MemberState::kLeft);
  CHECK(std::get<MemberEvent>(events[0]).mass_taken_back == 1.5);
  CHECK(table[0].inbox().weight() == 1.5);
  CHECK(table[0].quiet());
  hear_parcel(table[0], ExchangeTable::sender(PeerId{1}));
  CHECK(refusals_of(table[0])[0].reason == Refusal::kFromTheDead);
}

TEST_CASE("a closed inbox books nothing new, and its parcels return with the goodbye") {
  ExchangeTable table(2);
  table.push(0, 1, 0);
  const auto before = table.take(0, 1, at_ms(0));
  test::hear(table[1], before[0], at_ms(0));
  (void)table.take(1, 0, at_ms(0));  // the acknowledgement is lost
  table[1].close_inbox();
  for (const Delivery& delivery : before) test::hear(table[1], delivery, at_ms(0));
  CHECK(table[1].inbox().weight() == 0.5);
  CHECK(table[1].traffic().parcels_deferred == 2);
  table[1].say_goodbye();
  table.pass(1, 0, at_ms(0));
  // The first was booked and is acknowledged all the same: it must not count twice.
  CHECK(table[0].inbox().weight() == 1.0);
}

TEST_CASE("strangers, and who claims to be us, are refused") {
  ExchangeTable table(2);
  hear_parcel(table[0], ExchangeTable::sender(PeerId{7}));
  hear_parcel(table[0], ExchangeTable::sender(PeerId{0}));
  const auto refusals = refusals_of(table[0]);
  REQUIRE(refusals.size() == 2);
  CHECK(refusals[0].reason == Refusal::kUnknownPeer);
  CHECK(refusals[1].reason == Refusal::kUnknownPeer);
  CHECK(table[0].inbox().empty());
  CHECK(table.take(0, 1, at_ms(0)).empty());
}

TEST_CASE("of a peer only the incarnation first heard of is listened to") {
  for (const std::uint64_t other : {100U, 102U}) {
    CAPTURE(other);
    ExchangeTable table(2);
    gossip::Sender from = ExchangeTable::sender(PeerId{1});
    test::hear(table[0], test::delivery_of(Heartbeat{}, from), at_ms(0));
    from.incarnation = other;
    hear_parcel(table[0], from);
    CHECK(refusals_of(table[0])[0].reason == Refusal::kFromTheDead);
    CHECK(table[0].inbox().empty());
  }
}

TEST_CASE("a parcel numbered too far ahead is refused and not acknowledged") {
  ExchangeTable table(2);
  gossip::Parcel parcel = test::a_parcel();
  parcel.sequence = gossip::InEdge::kWindow;
  test::hear(table[0], test::delivery_of(parcel, ExchangeTable::sender(PeerId{1})), at_ms(0));
  CHECK(refusals_of(table[0])[0].reason == Refusal::kOutOfWindow);
  CHECK(table[0].inbox().empty());
  CHECK(table.take(0, 1, at_ms(0)).empty());
}

TEST_CASE("refusals are told at the 1st, 2nd, 4th, 8th ... of each peer and reason") {
  ExchangeTable table(3);
  for (int turn = 0; turn < 20; ++turn) table[0].refuse(PeerId{1}, Refusal::kMalformed);
  table[0].refuse(PeerId{2}, Refusal::kMalformed);
  table[0].refuse(PeerId{1}, Refusal::kNotFinite);
  std::vector<std::uint64_t> counts;
  for (const RefusalEvent& refusal : refusals_of(table[0])) counts.push_back(refusal.count);
  CHECK(counts == std::vector<std::uint64_t>{1, 2, 4, 8, 16, 1, 1});
  CHECK(table[0].traffic().messages_refused == 22);
}

TEST_CASE("no flood of strangers makes a peer keep more than a bounded list of them") {
  ExchangeTable table(2);
  for (std::uint64_t stranger = 2; stranger < 10'000; ++stranger)
    table[0].refuse(PeerId{stranger}, Refusal::kMalformed);
  const std::size_t told = refusals_of(table[0]).size();
  CHECK(told < 100);
  table[0].refuse(PeerId{1}, Refusal::kMalformed);  // a member is still told of
  CHECK(refusals_of(table[0]).size() == 1);
  CHECK(table[0].traffic().messages_refused == 9999);
}

TEST_CASE("a freeze of our own kills nobody") {
  ExchangeTable table(3);
  for (std::int64_t now = 0; now <= 60'000; now += 2'000) table[0].tick(at_ms(now));
  CHECK(table[0].members().living().size() == 3);
}

TEST_CASE("two that hold each other for dead, and hear so at once, find each other again") {
  ExchangeTable table(2, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kArrived, true);
  for (const std::uint64_t peer : {0U, 1U}) (void)wait_for_death(table[peer]);
  std::vector<Delivery> knocks;
  for (const std::uint64_t peer : {0U, 1U}) {
    table[peer].tick(at_ms(10'000));
    for (const Delivery& knock : table.take(peer, 1 - peer, at_ms(10'000))) knocks.push_back(knock);
  }
  for (const Delivery& knock : knocks)
    test::hear(table[1 - runtime::value_of(knock.from)], knock, at_ms(10'000));
  for (const std::uint64_t peer : {0U, 1U}) {
    REQUIRE(table[peer].expelled());
    table.replace(peer, table[peer].next_life(at_ms(10'000)));
  }
  for (std::int64_t now = 10'000; now <= 11'000; now += 100) {
    for (const std::uint64_t peer : {0U, 1U}) table[peer].tick(at_ms(now));
    table.settle(at_ms(now));
  }
  table.push(0, 1);
  table.settle(at_ms(11'000));
  CHECK(table[1].inbox().weight() == 1.5);
  CHECK(table[0].parcels_in_flight() == 0);
}

TEST_CASE(
    "that a peer has come to the end is known where it is not heard, from those who hear it") {
  ExchangeTable table(3);
  pass_time_one_way(table, 5000);
  for (std::uint64_t peer = 0; peer < 3; ++peer) {
    CAPTURE(peer);
    CHECK(table[peer].members().living().size() == 3);
    CHECK(table[peer].members().others_reached(Phase::kMixing));
  }
}

TEST_CASE("two that hear of each other from others only dial each other again, and nobody else") {
  ExchangeTable table(3);
  std::vector<gossip::Contact> contacts;
  for (const PeerId id : test::peers(3))
    contacts.push_back({.id = id, .incarnation = 1, .name = "", .address = {"a", "b", ""}});
  for (std::uint64_t peer = 0; peer < 3; ++peer) {
    table[peer].meet(contacts, false, at_ms(0));
    (void)table[peer].take_dials();
  }
  pass_time_one_way(table, 10'000);
  CHECK(dials_again(table[0], PeerId{1}));
  CHECK(dials_again(table[1], PeerId{0}));
  CHECK(table[2].take_dials().empty());
  CHECK(table[2].take_partings().empty());
}

TEST_CASE("who stood still when all had trained, and was taken for dead, is let in again") {
  constexpr std::uint64_t kCount = 4;
  ExchangeTable table(kCount, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kArrived,
                      true);
  const Phase phase = GENERATE(Phase::kMixing, Phase::kSettling, Phase::kDraining);
  CAPTURE(phase);
  std::int64_t now = 0;
  const auto pass_time = [&](std::int64_t until, bool with_first) {
    for (; now < until; now += 20) {
      for (std::uint64_t peer = with_first ? 0 : 1; peer < kCount; ++peer) {
        if (table[peer].expelled()) table.replace(peer, table[peer].next_life(at_ms(now)));
        table[peer].set_progress({.phase = phase});
        table[peer].tick(at_ms(now));
        for (std::uint64_t to = with_first ? 0 : 1; to < kCount; ++to)
          if (to != peer) table.pass(peer, to, at_ms(now));
      }
    }
  };
  pass_time(1000, true);
  pass_time(9000, false);
  REQUIRE_FALSE(table[1].members().is_living(PeerId{0}));
  pass_time(19'000, true);
  for (std::uint64_t peer = 0; peer < kCount; ++peer) {
    CAPTURE(peer);
    CHECK(table[peer].members().living().size() == kCount);
    CHECK(table[peer].self().incarnation == (peer == 0 ? 2U : 1U));
  }
}
