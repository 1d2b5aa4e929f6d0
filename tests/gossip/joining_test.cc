// A newcomer and the members of a run, message by message.
#include "gossip/joining.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "gossip/exchange.h"
#include "tests/support/deliveries.h"
#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::Contact;
using gossip::Exchange;
using gossip::Joining;
using runtime::Instant;
using runtime::PeerId;

constexpr std::uint64_t kFingerprint = test::kSender.fingerprint;
constexpr std::uint64_t kNewcomer = 50;

Instant at_ms(std::int64_t milliseconds) {
  return Instant(std::chrono::milliseconds(milliseconds));
}

Contact contact_of(std::uint64_t number) {
  return {.id = PeerId{number},
          .incarnation = 1,
          .name = std::string("p").append(std::to_string(number)),
          .address = {.control = std::string("tcp://h:").append(std::to_string(number)),
                      .bulk = "tcp://b"}};
}

gossip::Sender sender_of(std::uint64_t number, std::uint64_t fingerprint = kFingerprint) {
  return {.id = PeerId{number}, .incarnation = 1, .fingerprint = fingerprint};
}

// Members 0 .. count - 1, who know each other's addresses, and one newcomer.
class Door {
 public:
  explicit Door(std::size_t count, bool admits = true,
                std::uint64_t newcomer_fingerprint = kFingerprint)
      : joining_({.sender = sender_of(kNewcomer, newcomer_fingerprint),
                  .self = contact_of(kNewcomer),
                  .terms = "run = mine\nparameters = 5\n",
                  .seeds = {{.control = contact_of(0).address.control, .bulk = ""}}},
                 test::small_layout()) {
    std::vector<Contact> contacts;
    for (std::uint64_t i = 0; i < count; ++i) contacts.push_back(contact_of(i));
    for (const Contact& contact : contacts) {
      gossip::ExchangeOptions options{.self = sender_of(runtime::value_of(contact.id)),
                                      .contact = contact,
                                      .terms = "run = yours\nparameters = 5\n",
                                      .admits = admits};
      members_.push_back(std::make_unique<Exchange>(
          options, test::small_layout(), gossip::Members(contact.id, test::peers(count), at_ms(0)),
          at_ms(0)));
      members_.back()->meet(contacts, false, at_ms(0));
      (void)members_.back()->take_dials();
    }
  }

  Joining& joining() { return joining_; }
  Exchange& member(std::size_t i) { return *members_[i]; }
  std::set<std::size_t> deaf;  // members that hear nothing

  // Everything said at `now` is heard, until nobody has anything to say.
  void settle(Instant now) {
    for (bool said = true; said;) {
      said = false;
      joining_.tick(now);
      for (const auto& [id, address] : joining_.take_dials()) dialled_[id] = address.control;
      for (const PeerId gone : joining_.take_partings()) dialled_.erase(gone);
      for (const Joining::Outgoing& message : joining_.take_messages()) {
        said = true;
        hear_at(dialled_[message.to],
                {PeerId{kNewcomer}, runtime::Channel::kControl, message.frames}, now);
      }
      for (auto& member : members_) said = answer(*member, now) || said;
    }
  }

 private:
  void hear_at(const std::string& address, const runtime::Delivery& delivery, Instant now) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (contact_of(i).address.control != address || deaf.contains(i)) continue;
      const auto decoded = test::decode(delivery);
      if (const auto* message = std::get_if<gossip::Message>(&decoded))
        members_[i]->receive(*message, 1, now);
    }
  }

  // Only what goes to the newcomer is delivered: the members are not what is tested.
  bool answer(Exchange& member, Instant now) {
    bool said = false;
    (void)member.take_dials();
    (void)member.take_partings();
    if (member.donation_wanted())
      member.donate(test::snapshot_of<double>(test::small_layout(), {1, 2, 3, 4, 5}, 2.0));
    for (const PeerId to : member.talking_to()) {
      for (const auto channel : {runtime::Channel::kControl, runtime::Channel::kBulk}) {
        while (const auto* frames = member.next(to, channel, now)) {
          const runtime::Delivery delivery{PeerId{0}, channel, *frames};
          member.sent(to, channel, now);
          if (to != PeerId{kNewcomer}) continue;
          said = true;
          listen(delivery, now);
        }
      }
    }
    return said;
  }

  void listen(runtime::Delivery delivery, Instant now) {
    for (std::uint64_t from = 0; from < members_.size(); ++from) {
      delivery.from = PeerId{from};
      const auto decoded = test::decode(delivery);
      if (const auto* message = std::get_if<gossip::Message>(&decoded))
        joining_.receive(*message, now);
    }
  }

  Joining joining_;
  std::vector<std::unique_ptr<Exchange>> members_;
  std::map<PeerId, std::string> dialled_;
};

}  // namespace

TEST_CASE("a newcomer fetches the estimate and learns who is there") {
  const std::size_t count = GENERATE(1U, 2U, 7U);
  CAPTURE(count);
  Door door(count);
  door.member(0).set_progress({.step = 42});
  door.settle(at_ms(0));
  REQUIRE(door.joining().state() == Joining::State::kReady);
  CHECK(door.joining().contacts().size() == count);
  CHECK(door.joining().progress().step == 42);
  const auto estimate = door.joining().estimate().as<double>();
  CHECK(std::vector<double>(estimate.begin(), estimate.end()) ==
        std::vector<double>{1, 2, 3, 4, 5});
}

TEST_CASE("who only asks is no member, and moves nobody's mass") {
  Door door(2);
  door.settle(at_ms(0));
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(door.member(i).members().all().size() == 2);
    CHECK(door.member(i).inbox().weight() == 0.0);
    CHECK(door.member(i).mass_in_flight() == 0.0);
  }
}

TEST_CASE("a donor that falls silent is replaced by another") {
  Door door(2);
  door.deaf = {0, 1};
  door.settle(at_ms(0));
  CHECK(door.joining().state() == Joining::State::kKnocking);
  door.deaf.clear();
  door.settle(at_ms(600));
  CHECK(door.joining().state() == Joining::State::kReady);
}

TEST_CASE("where those that a newcomer knocks at first are gone, others let it in") {
  Door door(9);
  gossip::Roster roster;
  for (std::uint64_t i = 0; i < 9; ++i) roster.contacts.push_back(contact_of(i));
  door.deaf = {0, 1, 2, 3, 4, 5, 6, 7};
  door.joining().receive({.from = sender_of(0), .body = roster}, at_ms(0));
  for (std::int64_t now = 0; now <= 5000; now += 500) door.settle(at_ms(now));
  CHECK(door.joining().state() == Joining::State::kReady);
}

TEST_CASE("a newcomer of another run is told what differs") {
  Door door(1, true, kFingerprint + 1);
  door.settle(at_ms(0));
  REQUIRE(door.joining().state() == Joining::State::kRejected);
  CHECK(door.joining().reason() ==
        "the run differs in\n    run: this peer has mine, the run yours");
}

TEST_CASE("a run that is closed, or at its end, lets nobody in and says why") {
  Door closed(1, false);
  closed.settle(at_ms(0));
  REQUIRE(closed.joining().state() == Joining::State::kRejected);
  CHECK_THAT(closed.joining().reason(), Catch::Contains("list of members is fixed"));
  Door ending(1);
  ending.member(0).set_progress({.phase = gossip::Phase::kMixing, .step = 9});
  ending.settle(at_ms(0));
  REQUIRE(ending.joining().state() == Joining::State::kRejected);
  CHECK(ending.joining().reason() == "it has finished training");
}

TEST_CASE("a newcomer that is ready is a member to whom it says so, and soon to everybody") {
  Door door(3);
  const gossip::Hello hello{.self = contact_of(kNewcomer), .terms = "", .ready = true};
  door.member(0).receive({.from = sender_of(kNewcomer), .body = hello}, 1, at_ms(0));
  CHECK(door.member(0).members().living().size() == 4);
  CHECK(door.member(0).has_room(PeerId{kNewcomer}));
  REQUIRE(door.member(0).take_dials().size() == 1);
  // What it tells the others.
  for (const auto* frames = door.member(0).next(PeerId{1}, runtime::Channel::kControl, at_ms(0));
       frames != nullptr;
       frames = door.member(0).next(PeerId{1}, runtime::Channel::kControl, at_ms(0))) {
    const auto decoded = test::decode({PeerId{0}, runtime::Channel::kControl, *frames});
    REQUIRE(std::holds_alternative<gossip::Message>(decoded));
    door.member(1).receive(std::get<gossip::Message>(decoded), 1, at_ms(0));
    door.member(0).sent(PeerId{1}, runtime::Channel::kControl, at_ms(0));
  }
  CHECK(door.member(1).members().contains(PeerId{kNewcomer}));
  const auto dials = door.member(1).take_dials();
  REQUIRE(dials.size() == 1);
  CHECK(dials[0] == contact_of(kNewcomer));
}

TEST_CASE("more newcomers than there is room for have to wait") {
  Door door(1);
  for (std::uint64_t i = 0; i <= gossip::Guests::kGuestsMax; ++i) {
    const gossip::Hello hello{.self = contact_of(kNewcomer + i), .terms = "", .ready = false};
    door.member(0).receive({.from = sender_of(kNewcomer + i), .body = hello}, 1, at_ms(0));
  }
  CHECK(door.member(0).talking_to().size() == gossip::Guests::kGuestsMax);
  // Those who say nothing more give up their places.
  door.member(0).tick(at_ms(31'000));
  CHECK(door.member(0).talking_to().empty());
}

TEST_CASE("who takes a place and wants nothing soon gives way to who does") {
  Door door(1);
  const auto knock_as_strangers = [&door](Instant now) {
    for (std::uint64_t i = 0; i < gossip::Guests::kGuestsMax; ++i)
      door.member(0).receive(
          {sender_of(60 + i), gossip::Hello{.self = contact_of(60 + i), .terms = "run = yours\n"}},
          1, now);
  };
  knock_as_strangers(at_ms(0));
  door.settle(at_ms(1));
  CHECK(door.joining().state() == Joining::State::kKnocking);
  knock_as_strangers(at_ms(4999));  // to knock again keeps no place
  door.member(0).tick(at_ms(5000));
  door.settle(at_ms(5001));
  CHECK(door.joining().state() == Joining::State::kReady);
}

TEST_CASE("a hello in another's name is refused") {
  Door door(1);
  const gossip::Hello hello{.self = contact_of(kNewcomer), .terms = "", .ready = true};
  const auto delivery = test::delivery_of(hello, sender_of(kNewcomer + 1));
  const auto decoded = test::decode(delivery);
  REQUIRE(std::holds_alternative<gossip::Refusal>(decoded));
  CHECK(std::get<gossip::Refusal>(decoded) == gossip::Refusal::kWrongSender);
}

TEST_CASE("who comes back as a newer incarnation is a member again; its former mass returns") {
  Door door(2);
  door.member(0).push({.to = PeerId{1},
                       .share = 0.5,
                       .snapshot = test::snapshot_of<double>(test::small_layout(), {1, 2, 3, 4, 5}),
                       .blocks = test::all_blocks(test::small_layout())});
  Contact again = contact_of(1);
  again.incarnation = 2;
  gossip::Sender sender = sender_of(1);
  // The old self has been heard of.
  door.member(0).receive({.from = sender, .body = gossip::Heartbeat{}}, 1, at_ms(0));
  sender.incarnation = 2;
  const gossip::Hello hello{.self = again, .terms = "", .ready = true};
  door.member(0).receive({.from = sender, .body = hello}, 1, at_ms(1));
  CHECK(door.member(0).mass_in_flight() == 0.0);
  CHECK(door.member(0).inbox().weight() == 1.5);
  CHECK(door.member(0).members().living().size() == 2);
  // The former self is refused, the new one heard.
  sender.incarnation = 1;
  door.member(0).receive({.from = sender, .body = gossip::Heartbeat{}}, 1, at_ms(2));
  CHECK(door.member(0).traffic().messages_refused == 1);
}

TEST_CASE("nobody hangs up on a guest, or dials it where it was, because its former self is dead") {
  Door door(2);
  Exchange& member = door.member(0);
  gossip::Sender sender = sender_of(1);
  member.receive({.from = sender, .body = gossip::Heartbeat{}}, 1, at_ms(0));
  std::int64_t now = 0;
  for (; member.members().living().size() == 2; now += 100) member.tick(at_ms(now));
  for (const std::int64_t end = now + 2500; now < end; now += 100) member.tick(at_ms(now));
  REQUIRE(std::ranges::count(member.take_dials(), contact_of(1)) > 0);  // knocked at
  (void)member.take_partings();

  Contact again = contact_of(1);
  again.incarnation = sender.incarnation = 2;
  again.address = {.control = "tcp://h:77", .bulk = "tcp://b:77"};
  const gossip::Hello knock{.self = again, .terms = "", .ready = false};
  for (int i = 0; i < 5; ++i) {
    member.receive({sender, knock}, 1, at_ms(now));
    member.receive({sender, gossip::Request{0}}, 1, at_ms(now));
    for (const std::int64_t end = now + 1000; now < end; now += 100) member.tick(at_ms(now));
    const std::vector<Contact> dials = member.take_dials();
    CHECK(std::ranges::count(dials, again) == 1);
    CHECK(dials.size() == 1);
    CHECK(member.take_partings().empty());
  }
  // Another life of it meanwhile, elsewhere.
  again.incarnation = sender.incarnation = 3;
  again.address.control = "tcp://h:78";
  member.receive({sender, gossip::Hello{.self = again, .terms = ""}}, 1, at_ms(now));
  CHECK(member.take_dials() == std::vector{again});
}

TEST_CASE("a newcomer is let in whose former self is on the list and was never heard") {
  Door door(3);
  Exchange& member = door.member(0);
  member.push({.to = PeerId{2},
               .share = 0.5,
               .snapshot = test::snapshot_of<double>(test::small_layout(), {1, 2, 3, 4, 5}),
               .blocks = test::all_blocks(test::small_layout())});
  Contact again = contact_of(2);
  again.incarnation = 2;
  gossip::Sender sender = sender_of(2);
  sender.incarnation = 2;
  member.receive({sender, gossip::Hello{.self = again, .terms = "", .ready = false}}, 1, at_ms(1));
  member.receive({sender, gossip::Request{0}}, 1, at_ms(2));
  REQUIRE(member.donation_wanted());
  member.receive({sender, gossip::Hello{.self = again, .terms = "", .ready = true}}, 1, at_ms(3));
  CHECK(member.mass_in_flight() == 0.0);
  CHECK(member.inbox().weight() == 1.5);
  CHECK(member.members().living().size() == 3);
  member.receive({sender, gossip::Heartbeat{}}, 1, at_ms(4));
  CHECK(member.traffic().messages_refused == 0);
  // Nobody is told of an end without saying of which life: it would be the next one's, too.
  member.tick(at_ms(500));
  for (const auto* frames = member.next(PeerId{1}, runtime::Channel::kControl, at_ms(500));
       frames != nullptr; frames = member.next(PeerId{1}, runtime::Channel::kControl, at_ms(500))) {
    const auto decoded = test::decode({PeerId{0}, runtime::Channel::kControl, *frames});
    const auto& body = std::get<gossip::Message>(decoded).body;
    if (const auto* heartbeat = std::get_if<gossip::Heartbeat>(&body))
      for (const gossip::Rumour& rumour : heartbeat->rumours) CHECK(rumour.incarnation != 0);
    member.sent(PeerId{1}, runtime::Channel::kControl, at_ms(500));
  }
}

TEST_CASE("what is asked of a peer that takes the newcomer for a member makes it none") {
  Door door(2);
  gossip::Sender sender = sender_of(1);
  sender.incarnation = 2;
  door.member(0).receive({sender, gossip::Request{0}}, 1, at_ms(0));
  CHECK_FALSE(door.member(0).membership().incarnation_of(PeerId{1}).has_value());
}

TEST_CASE("of which life others tell first, that life it is") {
  Door door(3);
  gossip::Heartbeat news;
  news.rumours.push_back({.about = PeerId{2},
                          .incarnation = 1,
                          .refutation = 1,
                          .state = gossip::MemberState::kAlive,
                          .from = PeerId{2}});
  door.member(0).receive({sender_of(1), news}, 1, at_ms(0));
  gossip::Sender sender = sender_of(2);
  sender.incarnation = 2;
  door.member(0).receive({sender, gossip::Heartbeat{}}, 1, at_ms(1));
  CHECK(door.member(0).traffic().messages_refused == 1);
}

TEST_CASE("a later life books no parcel before its sender knows which life it is meant for") {
  const auto member = [](const gossip::Sender& self) {
    return std::make_unique<Exchange>(gossip::ExchangeOptions{.self = self}, test::small_layout(),
                                      gossip::Members(self.id, test::peers(2), at_ms(0)), at_ms(0));
  };
  const auto pass_on = [](Exchange& from, Exchange& to, runtime::Channel channel, Instant now) {
    while (const auto* frames = from.next(to.self().id, channel, now)) {
      const auto decoded = test::decode({from.self().id, channel, *frames});
      REQUIRE(std::holds_alternative<gossip::Message>(decoded));
      from.sent(to.self().id, channel, now);
      to.receive(std::get<gossip::Message>(decoded), 1, now);
    }
  };
  gossip::Sender self = sender_of(1);
  self.incarnation = 2;
  const auto sender = member(sender_of(0));
  const auto later = member(self);
  sender->push({.to = PeerId{1},
                .share = 0.5,
                .snapshot = test::snapshot_of<double>(test::small_layout(), {1, 2, 3, 4, 5}),
                .blocks = test::all_blocks(test::small_layout())});
  const double mass = sender->mass_in_flight();
  pass_on(*sender, *later, runtime::Channel::kBulk, at_ms(1));
  CHECK(later->inbox().weight() == 0.0);
  CHECK(later->traffic().messages_refused == 0);
  pass_on(*later, *sender, runtime::Channel::kControl, at_ms(2));
  pass_on(*sender, *later, runtime::Channel::kBulk, at_ms(2000));
  CHECK(later->inbox().weight() == mass);
}

TEST_CASE("an older hello of a member, late or said again by somebody else, changes nothing") {
  Door door(2);
  Contact again = contact_of(1);
  again.incarnation = 2;
  gossip::Sender sender = sender_of(1);
  sender.incarnation = 2;
  const auto say = [&](const Contact& contact) {
    sender.incarnation = contact.incarnation;
    const gossip::Hello hello{.self = contact, .terms = "", .ready = true};
    door.member(0).receive({.from = sender, .body = hello}, 1, at_ms(1));
  };
  say(again);
  (void)door.member(0).take_dials();
  say(contact_of(1));
  CHECK(door.member(0).traffic().messages_refused == 1);
  CHECK(door.member(0).take_dials().empty());
  sender.incarnation = 2;
  door.member(0).receive({.from = sender, .body = gossip::Heartbeat{}}, 1, at_ms(2));
  CHECK(door.member(0).traffic().messages_refused == 1);  // who is there now is heard
}

TEST_CASE("a roster brings nobody back that has left, but as a newer incarnation") {
  Door door(3);
  door.member(0).receive({.from = sender_of(2), .body = gossip::Goodbye{}}, 1, at_ms(0));
  REQUIRE(door.member(0).members().living().size() == 2);
  gossip::Roster roster{.contacts = {contact_of(2)}};
  door.member(0).receive({.from = sender_of(1), .body = roster}, 1, at_ms(1));
  CHECK(door.member(0).members().living().size() == 2);
  roster.contacts[0].incarnation = 2;
  door.member(0).receive({.from = sender_of(1), .body = roster}, 1, at_ms(2));
  CHECK(door.member(0).members().living().size() == 3);
}

namespace {

// Peers that were of one run, and knock at each other.
class Survivors {
 public:
  // At which step each could begin the run again, if at any.
  explicit Survivors(const std::vector<std::optional<std::uint64_t>>& steps) {
    for (std::uint64_t i = 0; i < steps.size(); ++i) {
      std::vector<runtime::Address> seeds;
      for (std::uint64_t other = 0; other < steps.size(); ++other)
        if (other != i) seeds.push_back(contact_of(other).address);
      peers_.push_back(std::make_unique<Joining>(gossip::JoiningOptions{.sender = sender_of(i),
                                                                        .self = contact_of(i),
                                                                        .terms = "",
                                                                        .seeds = seeds,
                                                                        .begins_at = steps[i]},
                                                 test::small_layout()));
    }
  }

  // Knocks all of a second, heard by all but `deaf`.
  void pass(std::int64_t second, std::set<std::size_t> deaf = {}) {
    const Instant now = at_ms(1000 * second);
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      peers_[i]->tick(now);
      (void)peers_[i]->take_dials();
      for (const Joining::Outgoing& message : peers_[i]->take_messages()) {
        const auto decoded = test::decode({PeerId{i}, runtime::Channel::kControl, message.frames});
        for (std::size_t to = 0; to < peers_.size(); ++to)
          if (to != i && !deaf.contains(to))
            peers_[to]->receive(std::get<gossip::Message>(decoded), now);
      }
    }
  }
  // Seconds until somebody begins, and who; empty: nobody has in five minutes.
  std::optional<std::pair<std::int64_t, std::size_t>> beginner(std::set<std::size_t> deaf = {}) {
    for (std::int64_t second = 0; second < 300; ++second) {
      pass(second, deaf);
      for (std::size_t i = 0; i < peers_.size(); ++i)
        if (peers_[i]->state() == Joining::State::kBegins) return std::pair(second, i);
    }
    return std::nullopt;
  }
  Joining& operator[](std::size_t i) { return *peers_[i]; }

 private:
  std::vector<std::unique_ptr<Joining>> peers_;
};

}  // namespace

TEST_CASE("of those that wait for each other, who was furthest begins the run again") {
  const auto begins = Survivors({20, 30, std::nullopt}).beginner();
  REQUIRE(begins);
  CHECK(begins->second == 1);
  CHECK(begins->first <= 12);
  CHECK(Survivors({30, 30, 30}).beginner()->second == 0);
}

TEST_CASE("who hears nobody wait leaves it to the next") {
  const auto begins = Survivors({20, 30}).beginner({1});
  REQUIRE(begins);
  CHECK(begins->second == 0);
  CHECK(begins->first <= 22);
}

TEST_CASE("nobody begins a run alone, or without a checkpoint of it") {
  CHECK_FALSE(Survivors({20}).beginner());
  CHECK_FALSE(Survivors({std::nullopt, std::nullopt}).beginner());
}

TEST_CASE("a member that says hello is somebody to knock at, and nobody who waits") {
  Survivors survivors({20});
  const gossip::Hello hello{.self = contact_of(9), .terms = "", .ready = true};
  survivors[0].receive({.from = sender_of(9), .body = hello}, at_ms(0));
  CHECK(survivors[0].others_waiting() == 0);
  const auto dials = survivors[0].take_dials();
  REQUIRE(dials.size() == 1);
  CHECK(dials[0].second == contact_of(9).address);
}

TEST_CASE("peers of another run that knock are not waited with") {
  Survivors survivors({20});
  const gossip::Hello hello{.self = contact_of(9), .terms = "", .begins_at = 5};
  survivors[0].receive({.from = sender_of(9, kFingerprint + 1), .body = hello}, at_ms(0));
  CHECK(survivors[0].others_waiting() == 0);
}
