// Parcels, acknowledgements and heartbeats between peers that live.

#include "gossip/exchange.h"

#include <algorithm>
#include <chrono>

#include "tests/support/exchange_table.h"
#include "tests/support/take_all.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Acknowledgement;
using gossip::Exchange;
using gossip::Heartbeat;
using gossip::Message;
using gossip::Parcel;
using gossip::Phase;
using runtime::Channel;
using runtime::Delivery;
using runtime::PeerId;
using test::at_ms;
using test::ExchangeTable;

namespace {

template <typename Said>
std::size_t count_of(const std::vector<Delivery>& deliveries) {
  std::size_t count = 0;
  for (const Delivery& delivery : deliveries) {
    const auto decoded = test::decode(delivery);
    REQUIRE(std::holds_alternative<Message>(decoded));
    if (std::holds_alternative<Said>(std::get<Message>(decoded).body)) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("a lone peer has nobody to talk to and is quiet") {
  ExchangeTable table(1);
  table[0].tick(at_ms(0));
  table[0].set_progress({.phase = Phase::kDrained});
  table[0].say_goodbye();
  CHECK(table[0].quiet());
  CHECK_FALSE(table[0].has_room(PeerId{0}));
  CHECK_FALSE(table[0].has_room(PeerId{1}));
  CHECK(table[0].next(PeerId{0}, Channel::kControl, at_ms(0)) == nullptr);
}

TEST_CASE("a peer knows how many of the living are on its machine") {
  const auto contact_at = [](std::uint64_t id, const char* control) {
    return gossip::Contact{
        .id = PeerId{id}, .incarnation = 1, .name = {}, .address = {control, {}, {}}};
  };
  const gossip::Contact self = contact_at(0, "tcp://10.0.0.1:7000");
  Exchange exchange({.self = ExchangeTable::sender(self.id), .contact = self}, test::small_layout(),
                    gossip::Members(self.id, test::peers(4), at_ms(0)), at_ms(0));
  CHECK(exchange.living_here() == 1);  // where the others are it does not know yet
  exchange.meet({contact_at(1, "tcp://10.0.0.1:7100"), contact_at(2, "tcp://10.0.0.2:7000"),
                 contact_at(3, "tcp://10.0.0.1:7200")},
                false, at_ms(0));
  CHECK(exchange.living_here() == 3);
  const Message goodbye{ExchangeTable::sender(PeerId{3}), gossip::Goodbye{}};
  exchange.receive(goodbye, 1, at_ms(1));
  CHECK(exchange.living_here() == 2);
}

TEST_CASE(
    "copies of the model that nobody has acknowledged are few, whatever the number of peers") {
  ExchangeTable table(6);
  const auto push = [&](std::uint64_t to, std::uint64_t round) {
    table[0].set_progress({.round = round});
    table.push(0, to, round);
  };
  const auto answer = [&](std::uint64_t to) {
    table.pass(0, to, at_ms(1));
    table.pass(to, 0, at_ms(1));
  };
  push(1, 0);
  CHECK_FALSE(table[0].may_push(0));  // nobody has acknowledged anything yet
  answer(1);
  CHECK(table[0].may_push(1));
  for (std::uint64_t to = 1; to < 6; ++to) push(to, 1);  // one snapshot
  push(1, 2);                                            // these two never answer
  push(2, 3);
  push(2, 4);
  CHECK(table[0].may_push(5));
  push(3, 5);
  CHECK_FALSE(table[0].may_push(6));
  CHECK(table[0].has_room(PeerId{4}));  // an edge of its own has
  answer(3);
  CHECK(table[0].may_push(6));
}

TEST_CASE("a new phase is told at once, a new step with the next heartbeat") {
  ExchangeTable table(2);
  table[0].tick(at_ms(0));
  table.settle(at_ms(0));
  table[0].set_progress({.phase = Phase::kTraining, .step = 7, .step_seconds = 0.5});
  CHECK(table.pass(0, 1, at_ms(1)) == 0);
  table[0].set_progress({.phase = Phase::kMixing, .step = 8, .step_seconds = 0.25});
  CHECK(table.pass(0, 1, at_ms(1)) == 1);
  CHECK(table[1].members().progress(PeerId{0}).phase == Phase::kMixing);
  CHECK(table[1].members().progress(PeerId{0}).step == 8);
  CHECK(table[1].members().progress(PeerId{0}).step_seconds == 0.25);
  CHECK(table[1].members().others_reached(Phase::kMixing));
}

TEST_CASE("a phase that changes while a heartbeat is offered is told in another one") {
  ExchangeTable table(2);
  table[0].set_progress({.phase = Phase::kMixing});
  REQUIRE(table[0].next(PeerId{1}, Channel::kControl, at_ms(0)) != nullptr);
  table[0].set_progress({.phase = Phase::kSettling});
  CHECK(table.pass(0, 1, at_ms(0)) == 2);
  CHECK(table[1].members().progress(PeerId{0}).phase == Phase::kSettling);
}

TEST_CASE("what is pushed arrives in the other's inbox, and the sender learns of it") {
  ExchangeTable table(2);
  table.push(0, 1);
  CHECK(table[0].mass_in_flight() == 1.5);
  CHECK(table[0].parcels_in_flight() == 3);
  CHECK_FALSE(table[0].quiet());
  CHECK(table.pass(0, 1, at_ms(0)) == 3);
  CHECK(table[1].inbox().weight() == 1.5);
  CHECK(table[0].mass_in_flight() == 1.5);
  CHECK(table.pass(1, 0, at_ms(0)) == 1);
  CHECK(table[0].mass_in_flight() == 0.0);
  CHECK(table[0].quiet());
  CHECK(table[1].quiet());
  const test::Taken arrivals(table[1].inbox(), test::small_layout(), 1);
  REQUIRE(arrivals.size() == 3);
  CHECK(arrivals[1].factor * arrivals[1].numbers.as<double>()[0] == 1.5);
}

TEST_CASE("where taking acknowledges, a trainer that stands still gets one push, and no more") {
  ExchangeTable table(2, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kFolded);
  table.push(0, 1, 0);
  table.settle(at_ms(0));
  CHECK(table[1].inbox().weight() == 1.5);
  CHECK(table[0].mass_in_flight() == 0.0);  // it has arrived ...
  CHECK(table[0].has_room(PeerId{1}));
  table.push(0, 1, 1);
  table.settle(at_ms(0));
  CHECK(table[1].inbox().weight() == 3.0);
  CHECK(table[0].mass_in_flight() == 1.5);  // ... and of the next one nothing is said yet
  CHECK_FALSE(table[0].has_room(PeerId{1}));

  // What is sent again meanwhile is neither booked again nor acknowledged.
  CHECK(table.pass(0, 1, at_ms(300)) == 3);
  CHECK(table[1].inbox().weight() == 3.0);
  table.settle(at_ms(300));
  CHECK(table[0].mass_in_flight() == 1.5);

  table[1].begin_fold(1);
  table.settle(at_ms(400));
  CHECK(table[0].mass_in_flight() == 0.0);
  CHECK(table[0].has_room(PeerId{1}));
}

TEST_CASE("where taking acknowledges, word that a parcel has arrived may be lost") {
  ExchangeTable table(2, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kFolded);
  table.push(0, 1);
  table.pass(0, 1, at_ms(0));
  CHECK(table.take(1, 0, at_ms(0)).size() == 1);  // lost
  CHECK(table[0].mass_in_flight() == 1.5);
  CHECK(table.pass(0, 1, at_ms(300)) == 3);  // again
  table.settle(at_ms(300));
  CHECK(table[0].mass_in_flight() == 0.0);
  CHECK(table[1].inbox().weight() == 1.5);
}

TEST_CASE("where taking acknowledges, what had arrived at a peer that dies goes with it") {
  ExchangeTable table(2, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kFolded);
  table.push(0, 1, 0);
  table.settle(at_ms(0));
  table.push(0, 1, 1);
  table.settle(at_ms(0));
  REQUIRE(table[1].inbox().weight() == 3.0);
  for (std::int64_t now = 0; now <= 3000; now += 100) table[0].tick(at_ms(now));
  CHECK(table[0].mass_in_flight() == 0.0);
  CHECK(table[0].inbox().weight() == 1.5);  // of the push that had not been acknowledged at all
}

TEST_CASE("what takes long is not sent again before it can have arrived") {
  ExchangeTable table(2);
  std::uint64_t resent = 0;
  // A link that takes 300 ms, where parcels are sent again after 200.
  for (std::int64_t push = 0; push < 5; ++push) {
    const std::int64_t begin = 1000 * push;
    table[0].tick(at_ms(begin));
    table.push(0, 1, static_cast<std::uint64_t>(push));
    const auto under_way = table.take(0, 1, at_ms(begin));
    for (std::int64_t ms = 0; ms < 300; ms += 10) {
      table[0].tick(at_ms(begin + ms));
      table.take(0, 1, at_ms(begin + ms));  // copies: what they are of comes first
    }
    table[0].tick(at_ms(begin + 300));
    for (const auto& delivery : under_way) test::hear(table[1], delivery, at_ms(begin + 300));
    table.pass(1, 0, at_ms(begin + 300));
    REQUIRE(table[0].parcels_in_flight() == 0);
    if (push == 0) resent = table[0].traffic().parcels_resent;
  }
  CHECK(resent == 3);
  CHECK(table[0].traffic().parcels_resent == resent);
}

TEST_CASE("where pushing acknowledges, it waits for one's own push of the round") {
  ExchangeTable table(2, gossip::Inbox::Order::kByRound, gossip::Acknowledge::kPushed);
  const auto sketch = std::make_shared<const gossip::Sketch>(test::kSketchSize, 1.5F);
  table.push(0, 1, 0);
  table.settle(at_ms(0));
  CHECK(table[0].mass_in_flight() == 1.5);
  CHECK(table[0].heard(PeerId{1}).sketch == nullptr);
  table[1].pushed(0, sketch);
  table.settle(at_ms(1));
  CHECK(table[0].mass_in_flight() == 0.0);
  REQUIRE(table[0].heard(PeerId{1}).sketch != nullptr);
  CHECK(*table[0].heard(PeerId{1}).sketch == *sketch);
  // A parcel of a round that it has made is acknowledged as it comes.
  table.push(0, 1, 0);
  table.settle(at_ms(2));
  CHECK(table[0].mass_in_flight() == 0.0);
}

TEST_CASE("what was heard of a peer is forgotten with it") {
  ExchangeTable table(2, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kFolded);
  table[1].pushed(0, std::make_shared<const gossip::Sketch>(test::kSketchSize, 1.5F));
  table.push(0, 1);
  table.settle(at_ms(0));
  table[1].begin_fold(1);
  table.settle(at_ms(1));
  REQUIRE(table[0].heard(PeerId{1}).sketch != nullptr);
  for (std::int64_t now = 100; now <= 3000; now += 100) table[0].tick(at_ms(now));
  CHECK(table[0].heard(PeerId{1}).sketch == nullptr);
}

TEST_CASE("one acknowledgement answers all that came since the last") {
  ExchangeTable table(2);
  table.push(0, 1);
  table.push(0, 1);
  table.pass(0, 1, at_ms(0));
  const auto said = table.take(1, 0, at_ms(0));
  REQUIRE(said.size() == 1);
  const auto decoded = test::decode(said[0]);
  const auto& acknowledgement = std::get<Acknowledgement>(std::get<Message>(decoded).body);
  CHECK(acknowledgement.incarnation == ExchangeTable::sender(PeerId{0}).incarnation);
  CHECK(acknowledgement.sequences == gossip::List<std::uint64_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a parcel that comes twice is booked once and acknowledged again") {
  ExchangeTable table(2);
  table.push(0, 1);
  const auto said = table.take(0, 1, at_ms(0));
  for (const Delivery& delivery : said) test::hear(table[1], delivery, at_ms(0));
  CHECK(count_of<Acknowledgement>(table.take(1, 0, at_ms(0))) == 1);  // lost
  for (const Delivery& delivery : said) test::hear(table[1], delivery, at_ms(1));
  CHECK(table[1].inbox().weight() == 1.5);
  CHECK(table[1].traffic().parcels_received == 3);
  CHECK(table.pass(1, 0, at_ms(1)) == 1);
  CHECK(table[0].parcels_in_flight() == 0);
}

TEST_CASE("a lost parcel is sent again when its time has come") {
  ExchangeTable table(2);
  table[0].tick(at_ms(0));
  table.settle(at_ms(0));
  table.push(0, 1);
  CHECK(table.take(0, 1, at_ms(0)).size() == 3);  // lost
  CHECK(count_of<Parcel>(table.take(0, 1, at_ms(199))) == 0);
  CHECK(count_of<Parcel>(table.take(0, 1, at_ms(200))) == 3);
  CHECK(table[0].traffic().parcels_sent == 3);
  CHECK(table[0].traffic().parcels_resent == 3);
}

// A socket may keep it long after the first one has arrived, and so would keep the whole snapshot.
TEST_CASE("what is sent again is a copy that keeps nothing of the snapshot") {
  ExchangeTable table(2);
  table[0].tick(at_ms(0));
  table.settle(at_ms(0));
  table.push(0, 1);
  const auto first = table.take(0, 1, at_ms(0));
  auto second = table.take(0, 1, at_ms(200));
  std::erase_if(second, [](const Delivery& d) { return d.channel != Channel::kBulk; });
  REQUIRE(first.size() == 3);
  REQUIRE(second.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto once = first[i].frames.at(1).bytes();
    const auto again = second[i].frames.at(1).bytes();
    CHECK(std::ranges::equal(once, again));
    CHECK(once.data() != again.data());
  }
}

TEST_CASE("the next tick is never in the past of the last one, and is there when a resend is due") {
  ExchangeTable table(2);
  table.push(0, 1);
  runtime::Instant now = at_ms(0);
  std::vector<runtime::Instant> sent_at;
  for (int turn = 0; turn < 60; ++turn) {
    table[0].tick(now);
    REQUIRE(table[0].next_tick() > now);
    for (const Delivery& delivery : table.take(0, 1, now))
      if (delivery.channel == Channel::kBulk) sent_at.push_back(now);
    REQUIRE(table[0].next_tick() > now);
    now = table[0].next_tick();
  }
  std::vector<runtime::Instant> expected;  // three parcels, and again after 200 and 400 ms more
  for (const std::int64_t at : {0, 200, 600}) expected.insert(expected.end(), 3, at_ms(at));
  REQUIRE(sent_at.size() >= expected.size());
  sent_at.resize(expected.size());
  CHECK(sent_at == expected);
}

TEST_CASE("a message stays the next one until it was sent") {
  ExchangeTable table(2);
  table.push(0, 1);
  table[0].set_progress({.phase = Phase::kMixing});
  for (const Channel channel : {Channel::kControl, Channel::kBulk}) {
    const auto* first = table[0].next(PeerId{1}, channel, at_ms(0));
    REQUIRE(first != nullptr);
    const auto* bytes = first->front().bytes().data();
    CHECK(table[0].next(PeerId{1}, channel, at_ms(900))->front().bytes().data() == bytes);
    table[0].sent(PeerId{1}, channel, at_ms(0));
  }
  CHECK(table[0].next(PeerId{1}, Channel::kControl, at_ms(0)) == nullptr);
}

TEST_CASE("a parcel that is acknowledged while offered is not sent once more") {
  ExchangeTable table(2);
  table.push(0, 1);
  const auto first = table.take(0, 1, at_ms(0));
  REQUIRE(table[0].next(PeerId{1}, Channel::kBulk, at_ms(200)) != nullptr);  // no room to send it
  for (const Delivery& delivery : first) test::hear(table[1], delivery, at_ms(200));
  table.pass(1, 0, at_ms(200));
  CHECK(table[0].next(PeerId{1}, Channel::kBulk, at_ms(200)) == nullptr);
  CHECK(table[0].quiet());
}

TEST_CASE("an edge is full at its bound, and only that edge") {
  ExchangeTable table(3);
  table.push(0, 1, 0);
  table.push(0, 1, 1);
  CHECK_FALSE(table[0].has_room(PeerId{1}));
  CHECK(table[0].has_room(PeerId{2}));
  table.settle(at_ms(0));
  CHECK(table[0].has_room(PeerId{1}));
}

TEST_CASE("acknowledgements meant for another incarnation of ours are ignored") {
  ExchangeTable table(2);
  table.push(0, 1);
  (void)table.take(0, 1, at_ms(0));
  test::hear(table[0],
             test::delivery_of(Acknowledgement{.incarnation = 2, .sequences = {0, 1, 2}},
                               ExchangeTable::sender(PeerId{1})),
             at_ms(0));
  CHECK(table[0].parcels_in_flight() == 3);
  test::hear(table[0],
             test::delivery_of(Acknowledgement{.incarnation = 1, .sequences = {7, 1, 8, 1}},
                               ExchangeTable::sender(PeerId{1})),
             at_ms(0));
  CHECK(table[0].parcels_in_flight() == 2);
}

TEST_CASE("what one sent the other received, in parcels and in bytes") {
  ExchangeTable table(2);
  table[0].tick(at_ms(0));
  table.push(0, 1);
  table.settle(at_ms(0));
  CHECK(table[0].traffic().parcels_sent == 3);
  CHECK(table[1].traffic().parcels_received == 3);
  CHECK(table[0].traffic().bytes_sent == table[1].traffic().bytes_received);
  CHECK(table[1].traffic().bytes_sent == table[0].traffic().bytes_received);
  CHECK(table[0].traffic().bytes_sent > 5 * sizeof(double));
}

TEST_CASE("by round, a parcel too many rounds early is not booked until there is room") {
  ExchangeTable table(2, gossip::Inbox::Order::kByRound);
  const std::uint64_t early = gossip::Inbox::kRoundsAheadMax + 1;
  table.push(0, 1, early);
  table.settle(at_ms(0));
  CHECK(table[1].traffic().parcels_deferred == 3);
  CHECK(table[1].inbox().empty());
  CHECK(table[0].mass_in_flight() == 1.5);
  CHECK(table[1].traffic().messages_refused == 0);
  (void)table[1].inbox().take(0, 2);
  table.settle(at_ms(200));
  CHECK(table[1].inbox().weight() == 1.5);
  CHECK(table[0].parcels_in_flight() == 0);
}

TEST_CASE("acknowledgements that nobody takes are bounded, and the rest are asked for again") {
  ExchangeTable table(2);
  const gossip::Sender from = ExchangeTable::sender(PeerId{0});
  Parcel parcel = test::parcel_of<double>({1.0, 2.0});
  const std::uint64_t count = gossip::Lane::kAcknowledgementsWaitingMax + 10;
  for (; parcel.sequence < count; ++parcel.sequence)
    test::hear(table[1], test::delivery_of(parcel, from), at_ms(0));
  CHECK(table[1].traffic().parcels_received == count);
  CHECK(table.take(1, 0, at_ms(0)).size() == 4);
  parcel.sequence = count - 1;
  test::hear(table[1], test::delivery_of(parcel, from), at_ms(0));
  CHECK(table.take(1, 0, at_ms(0)).size() == 1);
}

TEST_CASE("without probes only a new phase is told, and who does not talk costs no lane") {
  gossip::Exchange exchange({.self = ExchangeTable::sender(PeerId{0}),
                             .edge = {},
                             .probe_interval = runtime::Duration::zero()},
                            test::small_layout(),
                            gossip::Members(PeerId{0}, test::peers(3), at_ms(0)), at_ms(0));
  for (std::int64_t now = 0; now < 1'000'000; now += 50'000) {
    exchange.tick(at_ms(now));
    CHECK(exchange.talking_to().empty());
  }
  exchange.set_progress({.phase = Phase::kMixing});
  CHECK(exchange.talking_to() == gossip::List<PeerId>{PeerId{1}, PeerId{2}});
  CHECK(exchange.next(PeerId{2}, Channel::kControl, at_ms(0)) != nullptr);
}

TEST_CASE("all that have something to say are listed, and no more once it is said") {
  ExchangeTable table(4);
  table[0].set_progress({.phase = Phase::kMixing});
  CHECK(table[0].talking_to() == gossip::List<PeerId>{PeerId{1}, PeerId{2}, PeerId{3}});
  CHECK(table.pass(0, 2, at_ms(0)) == 1);
  CHECK(table[0].talking_to() == gossip::List<PeerId>{PeerId{1}, PeerId{3}});
  table.settle(at_ms(0));
  CHECK(table[0].talking_to().empty());
}

TEST_CASE("heirs: heard of lately before silent ones, with room before full ones, the next first") {
  ExchangeTable table(4);
  CHECK(table[1].heirs() == std::vector{PeerId{2}, PeerId{3}, PeerId{0}});
  table.push(1, 2);
  table.push(1, 2);
  CHECK(table[1].heirs() == std::vector{PeerId{3}, PeerId{0}, PeerId{2}});
  // Only 2 is heard of: full as it is, it is the best.
  for (std::int64_t now = 100; now <= 500; now += 100) {
    table[1].tick(at_ms(now));
    table[2].tick(at_ms(now));
    table.pass(2, 1, at_ms(now));
  }
  CHECK(table[1].heirs() == std::vector{PeerId{2}, PeerId{3}, PeerId{0}});
  CHECK(ExchangeTable(1)[0].heirs().empty());
}
