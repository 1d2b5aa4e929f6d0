// Peers of one run that began apart, and meet by what they hear of each other.
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "gossip/exchange.h"
#include "gossip/joining.h"
#include "runtime/random.h"
#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::Contact;
using gossip::Exchange;
using runtime::Instant;
using runtime::PeerId;
using test::at_ms;

Contact contact_of(std::uint64_t number) {
  return {.id = PeerId{number},
          .incarnation = 1,
          .name = std::string("p").append(std::to_string(number)),
          .address = {.control = std::string("tcp://10.0.0.1:").append(std::to_string(number + 1)),
                      .bulk = "tcp://b",
                      .key = std::string("key").append(std::to_string(number))}};
}

gossip::Sender sender_of(std::uint64_t number) {
  return {.id = PeerId{number}, .incarnation = 1, .fingerprint = test::kSender.fingerprint};
}

// Groups of peers, numbered through, each of which knows its own group. A message goes to whoever
// is at the address that its sender has dialled.
class Town {
 public:
  explicit Town(const std::vector<std::size_t>& groups) {
    std::uint64_t begin = 0;
    for (const std::size_t size : groups) {
      std::vector<Contact> contacts;
      for (std::uint64_t i = begin; i < begin + size; ++i) contacts.push_back(contact_of(i));
      for (const Contact& contact : contacts) add(contact, contacts);
      begin += size;
    }
    dialled_.resize(peers_.size());
    questions_.resize(peers_.size());
  }

  Exchange& operator[](std::uint64_t peer) { return *peers_[peer]; }
  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  [[nodiscard]] std::size_t questions() const {
    return std::accumulate(questions_.begin(), questions_.end(), std::size_t{0});
  }
  bool cut = false;  // nothing that is said arrives

  void hear_of(std::uint64_t listener, std::uint64_t stranger, Instant now) {
    peers_[listener]->hear_of(PeerId{stranger}, contact_of(stranger).address, now);
  }
  // Everybody, and all messages, every 50 ms.
  void run(std::int64_t begin, std::int64_t end) {
    for (std::int64_t now = begin; now < end; now += 50) {
      for (auto& peer : peers_) peer->tick(at_ms(now));
      settle(at_ms(now));
    }
  }
  void settle(Instant now) {
    for (bool said = true; said;) {
      said = false;
      for (std::uint64_t from = 0; from < peers_.size(); ++from) said = say(from, now) || said;
    }
  }
  [[nodiscard]] bool all_know_all() const {
    for (const auto& peer : peers_)
      if (peer->members().living().size() != peers_.size()) return false;
    return true;
  }
  [[nodiscard]] std::uint64_t refused() const {
    std::uint64_t refused = 0;
    for (const auto& peer : peers_) refused += peer->traffic().messages_refused;
    return refused;
  }
  [[nodiscard]] std::size_t deaths() {
    std::size_t deaths = 0;
    for (auto& peer : peers_)
      for (const gossip::Event& event : peer->take_events())
        if (const auto* member = std::get_if<gossip::MemberEvent>(&event))
          deaths += member->state == gossip::MemberState::kDead ? 1U : 0U;
    return deaths;
  }

 private:
  void add(const Contact& contact, const std::vector<Contact>& group) {
    std::vector<PeerId> ids;
    for (const Contact& each : group) ids.push_back(each.id);
    peers_.push_back(std::make_unique<Exchange>(
        gossip::ExchangeOptions{.self = sender_of(runtime::value_of(contact.id)),
                                .contact = contact,
                                .terms = "run = t\n",
                                .admits = true,
                                .seed = 1},
        test::small_layout(), gossip::Members(contact.id, gossip::PeerList(ids), at_ms(0)),
        at_ms(0)));
    peers_.back()->meet(group, false, at_ms(0));
  }

  bool say(std::uint64_t from, Instant now) {
    Exchange& peer = *peers_[from];
    for (const PeerId gone : peer.take_partings()) dialled_[from].erase(gone);
    for (const Contact& contact : peer.take_dials())
      dialled_[from][contact.id] = contact.address.control;
    bool said = false;
    for (const PeerId to : peer.talking_to()) {
      for (const auto channel : {runtime::Channel::kControl, runtime::Channel::kBulk}) {
        while (const auto* frames = peer.next(to, channel, now)) {
          const runtime::Delivery delivery{PeerId{from}, channel, *frames};
          peer.sent(to, channel, now);
          if (to == gossip::Joining::seed_id(0)) ++questions_[from];
          said = true;
          if (!cut) deliver(delivery, to, now);
        }
      }
    }
    return said;
  }

  void deliver(const runtime::Delivery& delivery, PeerId to, Instant now) {
    const auto& dialled = dialled_[runtime::value_of(delivery.from)];
    const auto address = dialled.find(to);
    REQUIRE(address != dialled.end());
    // Who listens hears one connection of a peer at a time.
    for (const auto& [other, same] : dialled) REQUIRE((other == to || same != address->second));
    for (std::uint64_t i = 0; i < peers_.size(); ++i)
      if (contact_of(i).address.control == address->second) test::hear(*peers_[i], delivery, now);
  }

  std::vector<std::unique_ptr<Exchange>> peers_;
  std::vector<std::map<PeerId, std::string>> dialled_;  // by each
  std::vector<std::size_t> questions_;                  // of each to strangers
};

gossip::RefusalEvent last_refusal(Exchange& exchange) {
  gossip::RefusalEvent last;
  for (const gossip::Event& event : exchange.take_events())
    if (const auto* refusal = std::get_if<gossip::RefusalEvent>(&event)) last = *refusal;
  return last;
}

gossip::Message roster_of(std::uint64_t from, const std::vector<Contact>& contacts) {
  return {sender_of(from), gossip::Roster{.contacts = contacts}};
}

}  // namespace

TEST_CASE("two that began alone are one run once one has heard of the other; no mass moves") {
  Town town({1, 1});
  town.run(0, 1000);
  REQUIRE_FALSE(town.all_know_all());
  town.hear_of(1, 0, at_ms(1000));
  town.run(1000, 3000);
  CHECK(town.all_know_all());
  CHECK(town.refused() == 0);
  for (const std::uint64_t peer : {0U, 1U}) {
    CHECK(town[peer].inbox().empty());
    CHECK(town[peer].mass_in_flight() == 0.0);
    CHECK(town[peer].self().incarnation == 1);  // what it holds is not void
  }
  town[0].push({.to = PeerId{1},
                .share = 0.5,
                .snapshot = test::snapshot_of<double>(test::small_layout(), {1, 2, 3, 4, 5}),
                .blocks = test::all_blocks(test::small_layout())});
  town.settle(at_ms(3000));
  CHECK(town[1].inbox().weight() == 1.5);
  CHECK(town[0].mass_in_flight() == 0.0);
}

TEST_CASE("groups that began apart become one, whoever hears of whom") {
  const std::vector<std::vector<std::size_t>> all{{1, 1}, {1, 4},    {4, 1},
                                                  {3, 3}, {2, 3, 4}, {12, 20}};
  for (const auto& groups : all) {
    for (const bool both_ways : {false, true}) {
      CAPTURE(groups, both_ways);
      Town town(groups);
      const std::uint64_t last = town.size() - 1;
      // One of the first group is heard by all others as long as they run, and hears one of them.
      for (std::int64_t now = 0; now < 20'000 && !town.all_know_all(); now += 500) {
        for (std::uint64_t peer = 0; peer <= last; ++peer) town.hear_of(peer, 0, at_ms(now));
        if (both_ways) town.hear_of(0, last, at_ms(now));
        town.run(now, now + 500);
      }
      CHECK(town.all_know_all());
      CHECK(town.deaths() == 0);
    }
  }
}

TEST_CASE("who does not answer is asked again, as long as it is heard of, once a second") {
  Town town({1, 1});
  town.cut = true;
  for (std::int64_t now = 0; now < 10'000; now += 500) {
    for (int times = 0; times < 5; ++times) town.hear_of(1, 0, at_ms(now));
    town.run(now, now + 500);
  }
  CHECK(town.questions() <= 10);
  CHECK(town.questions() >= 8);
  town.run(10'000, 20'000);  // nobody says any more that it is there
  CHECK(town.questions() <= 14);
  const std::size_t before = town.questions();
  town.run(20'000, 30'000);
  CHECK(town.questions() == before);
  town.cut = false;
  town.hear_of(1, 0, at_ms(30'000));
  town.run(30'000, 32'000);
  CHECK(town.all_know_all());
}

TEST_CASE("of a large group a few ask") {
  Town town({60});
  for (std::int64_t now = 0; now < 10'000; now += 1000) {
    for (std::uint64_t peer = 0; peer < 60; ++peer) town.hear_of(peer, 60, at_ms(now));
    town.run(now, now + 1000);
  }
  CHECK(town.questions() >= 10);
  CHECK(town.questions() <= 60);
}

TEST_CASE("a roster of one who was not asked, or of whom the answer comes late, is refused") {
  Town town({1, 1});
  town[0].receive(roster_of(1, {contact_of(1)}), 1, at_ms(0));
  CHECK(last_refusal(town[0]).reason == gossip::Refusal::kUnknownPeer);
  town.cut = true;
  town.hear_of(0, 1, at_ms(0));
  town.run(0, 50);
  REQUIRE(town.questions() == 1);
  town[0].receive(roster_of(2, {contact_of(2)}), 1, at_ms(100));  // another one
  town[0].receive(roster_of(1, {contact_of(1)}), 1, at_ms(3100));
  CHECK(town[0].traffic().messages_refused == 3);
  CHECK(town[0].members().all().size() == 1);
  town.hear_of(0, 1, at_ms(3200));
  town[0].tick(at_ms(3200));
  town[0].receive(roster_of(1, {contact_of(1)}), 1, at_ms(3300));
  CHECK(town[0].members().living().size() == 2);
}

TEST_CASE("a stranger makes nobody another who is known already") {
  Town town({2, 1});
  (void)town[0].take_dials();
  town.hear_of(0, 2, at_ms(0));
  town[0].tick(at_ms(0));
  (void)town[0].take_dials();
  Contact elsewhere = contact_of(1);
  elsewhere.incarnation = 9;
  elsewhere.address.control = "tcp://10.0.0.66:1";
  town[0].receive(roster_of(2, {elsewhere, contact_of(2), contact_of(0)}), 1, at_ms(100));
  const std::vector<Contact> dials = town[0].take_dials();
  REQUIRE(dials.size() == 1);
  CHECK(dials[0] == contact_of(2));
  CHECK(town[0].members().living().size() == 3);
}

TEST_CASE("a stranger whose key is not authorized is not met, nor whom it names") {
  Town town({1, 2});
  town[0].admit_only(std::make_shared<const runtime::KeyNames>(
      runtime::KeyNames{{"key0", "zero"}, {"key2", "two"}}));
  town.hear_of(0, 1, at_ms(0));
  town[0].tick(at_ms(0));
  town[0].receive(roster_of(1, {contact_of(1), contact_of(2)}), 1, at_ms(100));
  CHECK(town[0].members().living().size() == 2);
  CHECK_FALSE(town[0].members().contains(PeerId{1}));
}

TEST_CASE("who has finished training meets nobody") {
  for (const std::uint64_t finished : {0U, 1U}) {
    CAPTURE(finished);
    Town town({1, 1});
    town[finished].set_progress({.phase = gossip::Phase::kMixing, .step = 9});
    town.hear_of(1, 0, at_ms(0));
    town.run(0, 3000);
    for (const std::uint64_t peer : {0U, 1U}) CHECK(town[peer].members().all().size() == 1);
  }
}

TEST_CASE("oneself, members and those who are gone are no strangers") {
  Town town({3});
  town[0].receive({sender_of(2), gossip::Goodbye{}}, 1, at_ms(0));
  town.cut = true;
  for (std::uint64_t peer = 0; peer < 3; ++peer) town.hear_of(0, peer, at_ms(0));
  town.run(0, 900);
  CHECK(town.questions() == 0);
}
