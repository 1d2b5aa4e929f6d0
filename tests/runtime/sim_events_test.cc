#include "runtime/sim_events.h"

#include <algorithm>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "tests/support/catch.h"

using runtime::Duration;
using runtime::Instant;
using runtime::SimEvents;

TEST_CASE("a new queue is empty, and empty again when everything was taken") {
  SimEvents<int> events;
  REQUIRE(events.empty());
  events.add(Instant{}, 1);
  REQUIRE_FALSE(events.empty());
  REQUIRE(events.take().event == 1);
  REQUIRE(events.empty());
}

TEST_CASE("events of one instant happen in the order they were added") {
  SimEvents<std::string> events;
  for (const char* name : {"a", "b", "c", "d"}) events.add(Instant{Duration{5}}, name);
  std::string order;
  while (!events.empty()) order += events.take().event;
  REQUIRE(order == "abcd");
}

TEST_CASE("events happen in order of time, whatever the order of adding and taking") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  runtime::Random random(seed);
  SimEvents<std::int64_t> events;
  Instant last{};
  std::uint64_t added = 0;
  std::uint64_t taken = 0;
  while (taken < 5000) {
    if (added < 5000 && (events.empty() || random.below(2) == 0)) {
      const auto ticks = last.time_since_epoch().count() + static_cast<int>(random.below(50));
      events.add(Instant{Duration{ticks}}, ticks);
      ++added;
      continue;
    }
    const auto due = events.take();
    ++taken;
    REQUIRE(due.when >= last);
    REQUIRE(due.when.time_since_epoch().count() == due.event);
    last = due.when;
  }
  REQUIRE(events.empty());
}
