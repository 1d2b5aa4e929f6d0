// Members whose keys are taken out, and newcomers whose keys were never in.
#include <memory>

#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::Contact;
using gossip::Exchange;
using gossip::MemberEvent;
using gossip::MemberState;
using gossip::Refusal;
using runtime::PeerId;
using test::at_ms;

Contact contact_of(std::uint64_t number) {
  return {.id = PeerId{number},
          .incarnation = 1,
          .name = "p",
          .address = {.control = "tcp://h:1", .bulk = "tcp://h:2", .key = std::to_string(number)}};
}

std::shared_ptr<const runtime::KeyNames> keys_of(std::initializer_list<std::uint64_t> peers) {
  runtime::KeyNames keys;
  for (const std::uint64_t peer : peers) keys.emplace(std::to_string(peer), "p");
  return std::make_shared<const runtime::KeyNames>(std::move(keys));
}

struct Table : test::ExchangeTable {
  Table() : ExchangeTable(3) {
    for (std::uint64_t i = 0; i < 3; ++i)
      (*this)[i].meet({contact_of(0), contact_of(1), contact_of(2)}, false, at_ms(0));
  }
};

// What 0 makes of a message of 3, who is no member.
template <typename Body>
void say(Exchange& exchange, std::uint64_t from, const Body& body) {
  const gossip::Sender sender = test::ExchangeTable::sender(PeerId{from});
  test::hear(exchange, {PeerId{from}, runtime::Channel::kControl, gossip::encode(sender, body)},
             at_ms(1));
}

}  // namespace

TEST_CASE("a member whose key is taken out is dead at once, and what was under way comes back") {
  Table table;
  table.push(0, 1);
  REQUIRE(table[0].mass_in_flight() == 1.5);
  table[0].admit_only(keys_of({0, 1, 2}));
  CHECK(table[0].members().living().size() == 3);
  table[0].admit_only(keys_of({0, 2}));
  CHECK(table[0].members().state(PeerId{1}) != MemberState::kAlive);
  CHECK(table[0].mass_in_flight() == 0.0);
  CHECK(table[0].inbox().weight() == 1.5);
  CHECK(table[0].take_partings() == std::vector<PeerId>{PeerId{1}});
  const auto events = table[0].take_events();
  const auto* event = std::get_if<MemberEvent>(&events.back());
  REQUIRE(event != nullptr);
  CHECK(event->reason == "key no longer authorized");
  CHECK(event->mass_taken_back == 1.5);
}

TEST_CASE("who was taken out does not come back, by its own word or by another's") {
  Table table;
  table[0].admit_only(keys_of({0, 2}));
  Contact again = contact_of(1);
  again.incarnation = 999;
  say(table[0], 2, gossip::Roster{.contacts = {again}, .progress = {}});
  CHECK(table[0].members().living().size() == 2);
  table[0].admit_only(keys_of({0, 1, 2}));
  say(table[0], 2, gossip::Roster{.contacts = {again}, .progress = {}});
  CHECK(table[0].members().living().size() == 3);
}

TEST_CASE("a hello with a key that is not authorized is refused, and nobody is dialled") {
  Table table;
  table[0].admit_only(keys_of({0, 1, 2}));
  (void)table[0].take_dials();
  (void)table[0].take_events();
  Contact stranger = contact_of(3);
  say(table[0], 3, gossip::Hello{.self = stranger, .terms = "", .ready = true});
  CHECK(table[0].members().living().size() == 3);
  CHECK(table[0].take_dials().empty());
  const auto events = table[0].take_events();
  REQUIRE(events.size() == 1);
  const auto* refused = std::get_if<gossip::RefusalEvent>(&events[0]);
  REQUIRE(refused != nullptr);
  CHECK(refused->reason == Refusal::kUnauthorized);
}
