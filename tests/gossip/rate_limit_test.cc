#include "gossip/rate_limit.h"

#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::RateLimit;
using gossip::Refusal;
using runtime::PeerId;
using test::at_ms;

constexpr PeerId kPeer{7};

}  // namespace

TEST_CASE("of one peer so many messages a second are looked at, whatever others say") {
  RateLimit limit(3, std::pmr::get_default_resource());
  for (int i = 0; i < 3; ++i) CHECK_FALSE(limit.exceeded_by(kPeer, at_ms(1000)));
  CHECK(limit.exceeded_by(kPeer, at_ms(1999)));
  CHECK_FALSE(limit.exceeded_by(PeerId{8}, at_ms(1999)));
  CHECK_FALSE(limit.exceeded_by(kPeer, at_ms(2000)));
}

TEST_CASE("no limit is none") {
  RateLimit limit(0, std::pmr::get_default_resource());
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(limit.exceeded_by(kPeer, at_ms(0)));
}

TEST_CASE("who speaks under ever other names is counted as one, and those known before are not") {
  RateLimit limit(2, std::pmr::get_default_resource());
  CHECK_FALSE(limit.exceeded_by(kPeer, at_ms(1000)));
  std::uint64_t looked_at = 0;
  for (std::uint64_t name = 100; name < 100 + 5 * RateLimit::kPeersMax; ++name)
    looked_at += limit.exceeded_by(PeerId{name}, at_ms(1000)) ? 0U : 1U;
  CHECK(looked_at == RateLimit::kPeersMax - 1 + 2);
  CHECK_FALSE(limit.exceeded_by(kPeer, at_ms(1000)));
}

TEST_CASE(
    "an exchange drops what is too often, says so by name, and does not shut its sender out") {
  gossip::Exchange exchange(
      {.self = test::ExchangeTable::sender(PeerId{0}), .offences_max = 1, .messages_max = 10},
      test::small_layout(), gossip::Members(PeerId{0}, test::peers(2), at_ms(0)), at_ms(0));
  for (int i = 0; i < 10; ++i) CHECK_FALSE(exchange.turns_away(PeerId{1}, at_ms(1000)));
  for (int i = 0; i < 5; ++i) CHECK(exchange.turns_away(PeerId{1}, at_ms(1500)));
  CHECK(exchange.traffic().messages_refused == 5);
  const auto events = exchange.take_events();
  REQUIRE(events.size() == 3);  // at 1, 2, 4
  CHECK(std::get<gossip::RefusalEvent>(events[0]).reason == Refusal::kTooOften);
  CHECK_FALSE(exchange.turns_away(PeerId{1}, at_ms(2000)));
}
