// Who is shut out, when, and for how long.
#include "gossip/shut_out.h"

#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::Refusal;
using gossip::ShutOut;
using runtime::Instant;
using runtime::PeerId;
using test::at_ms;

constexpr PeerId kPeer{3};
constexpr std::uint64_t kForgiven = 2;

// Three offences at these times, in milliseconds, and whether they are too many.
struct Row {
  std::int64_t first;
  std::int64_t second;
  std::int64_t third;
  bool shut_out;
};

}  // namespace

TEST_CASE("more offences than are forgiven within a window shut out") {
  const Row row = GENERATE(Row{0, 0, 0, true}, Row{0, 5000, 10'000, true},
                           Row{0, 5000, 10'001, false}, Row{0, 20'000, 20'001, false});
  CAPTURE(row.second, row.third);
  ShutOut shut_out(kForgiven);
  CHECK_FALSE(shut_out.offended(kPeer, at_ms(row.first)));
  CHECK_FALSE(shut_out.offended(kPeer, at_ms(row.second)));
  CHECK(shut_out.offended(kPeer, at_ms(row.third)) == row.shut_out);
  CHECK(shut_out.contains(kPeer, at_ms(row.third)) == row.shut_out);
  CHECK_FALSE(shut_out.contains(PeerId{4}, at_ms(row.third)));
}

TEST_CASE("who was shut out is heard again after a minute, with a clean slate") {
  ShutOut shut_out(kForgiven);
  for (int i = 0; i < 3; ++i) (void)shut_out.offended(kPeer, at_ms(1000));
  CHECK(shut_out.contains(kPeer, at_ms(60'999)));
  CHECK_FALSE(shut_out.contains(kPeer, at_ms(61'000)));
  CHECK_FALSE(shut_out.offended(kPeer, at_ms(61'000)));
  CHECK_FALSE(shut_out.offended(kPeer, at_ms(61'000)));
  CHECK(shut_out.offended(kPeer, at_ms(61'000)));
}

TEST_CASE("where all is forgiven nobody is shut out") {
  ShutOut shut_out(0);
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(shut_out.offended(kPeer, at_ms(0)));
}

TEST_CASE("records are bounded: the oldest gives way") {
  ShutOut shut_out(kForgiven);
  for (int i = 0; i < 3; ++i) (void)shut_out.offended(kPeer, at_ms(0));
  for (std::uint64_t other = 100; other < 100 + ShutOut::kRecordsMax; ++other)
    (void)shut_out.offended(PeerId{other}, at_ms(1));
  CHECK_FALSE(shut_out.contains(kPeer, at_ms(1)));
}

TEST_CASE("late news is no offence, what no honest peer says is one") {
  for (const Refusal late :
       {Refusal::kFromTheDead, Refusal::kUnknownPeer, Refusal::kOtherRun, Refusal::kWrongVersion,
        Refusal::kUnauthorized, Refusal::kShutOut, Refusal::kTooOften})
    CHECK_FALSE(gossip::is_offence(late));
  for (const Refusal bad : {Refusal::kMalformed, Refusal::kWrongChecksum, Refusal::kNotFinite,
                            Refusal::kImpossibleWeight, Refusal::kOutlier})
    CHECK(gossip::is_offence(bad));
}

TEST_CASE("an exchange stops listening to who offends, says so once, and counts what it drops") {
  gossip::Exchange exchange(
      {.self = test::ExchangeTable::sender(PeerId{0}), .offences_max = kForgiven},
      test::small_layout(), gossip::Members(PeerId{0}, test::peers(2), at_ms(0)), at_ms(0));
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(exchange.turns_away(PeerId{1}, at_ms(0)));
    exchange.refuse(PeerId{1}, Refusal::kMalformed);
  }
  (void)exchange.take_events();
  for (int i = 0; i < 100; ++i) CHECK(exchange.turns_away(PeerId{1}, at_ms(0)));
  CHECK(exchange.traffic().messages_refused == 103);
  const auto events = exchange.take_events();
  REQUIRE(events.size() == 7);  // at 1, 2, 4, ... 64
  CHECK(std::get<gossip::RefusalEvent>(events[0]).reason == Refusal::kShutOut);
}
