// How a peer stands among the others, found out from what it hears.

#include <optional>

#include "gossip/exchange.h"
#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Exchange;
using gossip::FrozenEvent;
using gossip::Standing;
using gossip::StandingEvent;
using runtime::PeerId;
using test::at_ms;
using test::ExchangeTable;

namespace {

// All events of this kind that peer 0 has to tell.
template <typename Kind>
std::vector<Kind> told(Exchange& exchange) {
  std::vector<Kind> kinds;
  for (const gossip::Event& event : exchange.take_events())
    if (const auto* kind = std::get_if<Kind>(&event)) kinds.push_back(*kind);
  return kinds;
}

// Time passes, and the first `talking` peers hear each other.
void pass_time(ExchangeTable& table, std::uint64_t talking, int from_ms, int to_ms) {
  for (int ms = from_ms; ms <= to_ms; ms += 50) {
    for (std::uint64_t peer = 0; peer < talking; ++peer) table[peer].tick(at_ms(ms));
    for (std::uint64_t from = 0; from < talking; ++from)
      for (std::uint64_t to = 0; to < talking; ++to)
        if (from != to) (void)table.pass(from, to, at_ms(ms));
  }
}

}  // namespace

TEST_CASE("a lone peer from the start, and peers that hear each other, are fine") {
  ExchangeTable lone(1);
  pass_time(lone, 1, 0, 10'000);
  CHECK(told<StandingEvent>(lone[0]).empty());
  ExchangeTable table(3);
  pass_time(table, 3, 0, 10'000);
  CHECK(told<StandingEvent>(table[0]).empty());
  CHECK(table[0].standing().standing() == Standing::kFine);
}

TEST_CASE("who hears nobody any more is alone, and says so once") {
  ExchangeTable table(3);
  pass_time(table, 3, 0, 1000);
  pass_time(table, 1, 1050, 20'000);
  const auto events = told<StandingEvent>(table[0]);
  REQUIRE_FALSE(events.empty());
  CHECK(events.back().standing == Standing::kAlone);
  CHECK_FALSE(events.back().reason.empty());
  CHECK(table[0].standing().seconds_in(Standing::kAlone, at_ms(20'000)) > 10.0);
}

TEST_CASE("who loses half of the others at once is partitioned") {
  ExchangeTable table(5);
  pass_time(table, 5, 0, 1000);
  pass_time(table, 2, 1050, 20'000);
  const auto events = told<StandingEvent>(table[0]);
  REQUIRE_FALSE(events.empty());
  CHECK(events.back().standing == Standing::kPartitioned);
  CHECK(table[0].members().living().size() == 2);
}

TEST_CASE("what others do at the end, when all is done, is no loud news") {
  ExchangeTable table(2);
  pass_time(table, 2, 0, 1000);
  table[0].set_progress({.phase = gossip::Phase::kDrained});
  table[1].say_goodbye();
  pass_time(table, 2, 1050, 3000);
  CHECK(table[0].members().living().size() == 1);
  CHECK(told<StandingEvent>(table[0]).empty());
}

TEST_CASE("who answers and does not train on is frozen, until it does") {
  ExchangeTable table(2);
  table[1].set_progress({.step = 5, .step_seconds = 0.1, .round = 5});
  pass_time(table, 2, 0, 25'000);
  CHECK(told<FrozenEvent>(table[0]).empty());
  pass_time(table, 2, 25'050, 35'000);
  auto events = told<FrozenEvent>(table[0]);
  REQUIRE(events.size() == 1);
  CHECK(events[0].peer == PeerId{1});
  CHECK(events[0].frozen);
  CHECK(events[0].step == 5);
  CHECK(table[0].member_reports(at_ms(35'000)).at(0).frozen);
  CHECK(table[0].members().state(PeerId{1}) == gossip::MemberState::kAlive);
  table[1].set_progress({.step = 6, .step_seconds = 0.1, .round = 6});
  pass_time(table, 2, 35'050, 37'000);
  events = told<FrozenEvent>(table[0]);
  REQUIRE(events.size() == 1);
  CHECK_FALSE(events[0].frozen);
  CHECK_FALSE(table[0].member_reports(at_ms(37'000)).at(0).frozen);
}

TEST_CASE("who takes long for each of its steps, or has taken none, is not frozen") {
  ExchangeTable slow(2);
  slow[1].set_progress({.step = 5, .step_seconds = 2.0});
  pass_time(slow, 2, 0, 60'000);
  CHECK(told<FrozenEvent>(slow[0]).empty());
  ExchangeTable fresh(2);
  pass_time(fresh, 2, 0, 60'000);
  CHECK(told<FrozenEvent>(fresh[0]).empty());
}
