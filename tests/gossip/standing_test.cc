// Alone, partitioned, starved, diverged: when a peer says so, and when it no longer does.

#include "gossip/standing.h"

#include "tests/support/catch.h"

using gossip::Standing;
using gossip::StandingWatch;

namespace {

constexpr runtime::Duration kSpan = std::chrono::seconds(3);

runtime::Instant at_ms(std::int64_t milliseconds) {
  return runtime::Instant(std::chrono::milliseconds(milliseconds));
}

Standing seen(StandingWatch& watch, const StandingWatch::Sight& sight, std::int64_t ms) {
  (void)watch.look(sight, at_ms(ms));
  return watch.standing();
}

// In every second this peer makes `own` rounds and each of the others `theirs`.
struct Pace {
  std::size_t others = 3;
  std::uint64_t own = 100;
  std::uint64_t theirs = 100;
};
Standing until(StandingWatch& watch, int seconds, const Pace& pace = {}, int from = 1) {
  for (int second = from; second <= seconds; ++second) {
    const auto passed = static_cast<std::uint64_t>(second);
    (void)watch.look({.others = pace.others,
                      .others_rounds = passed * pace.theirs * pace.others,
                      .own_round = passed * pace.own},
                     at_ms(1000 * second));
  }
  return watch.standing();
}

}  // namespace

TEST_CASE("who begins alone is not called alone, who is left alone is, until somebody comes") {
  StandingWatch watch(at_ms(0));
  CHECK(seen(watch, {.others = 0}, 100) == Standing::kFine);
  CHECK(seen(watch, {.others = 1}, 200) == Standing::kFine);
  CHECK(watch.look({.others = 0}, at_ms(300)));
  CHECK(watch.standing() == Standing::kAlone);
  CHECK_FALSE(watch.reason().empty());
  CHECK_FALSE(watch.look({.others = 0}, at_ms(1300)));
  CHECK(watch.seconds_in(Standing::kAlone, at_ms(1300)) == Approx(1.0));
  CHECK(seen(watch, {.others = 1}, 2300) == Standing::kFine);
  CHECK(watch.seconds_in(Standing::kAlone, at_ms(9000)) == Approx(2.0));
  CHECK(watch.seconds_in(Standing::kFine, at_ms(2400)) == Approx(0.4));
}

TEST_CASE("half of the others dead at once are a partition, until more than half live again") {
  StandingWatch watch(at_ms(0));
  CHECK(seen(watch, {.others = 7}, 0) == Standing::kFine);
  for (std::size_t left = 6; left >= 4; --left) watch.died(left, kSpan, at_ms(1000));
  CHECK(seen(watch, {.others = 4}, 1100) == Standing::kFine);
  watch.died(3, kSpan, at_ms(2000));
  CHECK(seen(watch, {.others = 3}, 2100) == Standing::kPartitioned);
  CHECK(watch.reason().find("4 of 7") != std::string::npos);
  CHECK(seen(watch, {.others = 3}, 60'000) == Standing::kPartitioned);
  CHECK(seen(watch, {.others = 4}, 61'000) == Standing::kFine);
}

TEST_CASE("deaths one by one, and the death of the only other, are no partition") {
  StandingWatch watch(at_ms(0));
  (void)watch.look({.others = 4}, at_ms(0));
  for (const std::size_t left : {3U, 2U, 1U}) {
    const auto ms = static_cast<std::int64_t>(10'000 * (4 - left));
    watch.died(left, kSpan, at_ms(ms));
    CHECK(seen(watch, {.others = left}, ms) == Standing::kFine);
  }
  watch.died(0, kSpan, at_ms(90'000));
  CHECK(seen(watch, {.others = 0}, 90'000) == Standing::kAlone);
  CHECK(seen(watch, {.others = 1}, 95'000) == Standing::kFine);
}

TEST_CASE("alone is graver than partitioned") {
  StandingWatch watch(at_ms(0));
  (void)watch.look({.others = 2}, at_ms(0));
  watch.died(1, kSpan, at_ms(100));
  watch.died(0, kSpan, at_ms(200));
  CHECK(seen(watch, {.others = 0}, 300) == Standing::kAlone);
  CHECK(seen(watch, {.others = 1}, 400) == Standing::kPartitioned);
  CHECK(seen(watch, {.others = 2}, 500) == Standing::kFine);
}

TEST_CASE("who hears nothing while all push is starved, until a parcel comes") {
  StandingWatch watch(at_ms(0));
  CHECK(until(watch, 4) == Standing::kFine);
  CHECK(until(watch, 8, {}, 5) == Standing::kStarved);
  watch.parcel_came(at_ms(8500));
  CHECK(seen(watch, {.others = 3, .others_rounds = 2400, .own_round = 800}, 9000) ==
        Standing::kFine);
}

TEST_CASE("who waits for slow others, is slow itself, or has nobody, is not starved") {
  StandingWatch slow_others(at_ms(0));
  CHECK(until(slow_others, 15, {.theirs = 1}) == Standing::kFine);
  StandingWatch slow_itself(at_ms(0));
  CHECK(until(slow_itself, 15, {.own = 1}) == Standing::kFine);
  StandingWatch nobody(at_ms(0));
  CHECK(until(nobody, 60, {.others = 0}) == Standing::kFine);
}

TEST_CASE("rounds that somebody brings along are not pushes that were missed") {
  StandingWatch watch(at_ms(0));
  CHECK(seen(watch, {.others = 1, .others_rounds = 10, .own_round = 0}, 0) == Standing::kFine);
  CHECK(seen(watch, {.others = 2, .others_rounds = 90'000, .own_round = 500}, 8000) ==
        Standing::kFine);
}

TEST_CASE("diverged is the gravest") {
  StandingWatch watch(at_ms(0));
  (void)watch.look({.others = 1}, at_ms(0));
  watch.diverged();
  CHECK(seen(watch, {.others = 0}, 100) == Standing::kDiverged);
}
