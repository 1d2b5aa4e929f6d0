// What was measured lately: quantiles and rates.

#include "gossip/recent_rate.h"
#include "gossip/recent_values.h"
#include "tests/support/catch.h"

using gossip::RecentRate;
using gossip::RecentValues;

namespace {

constexpr std::size_t kCountMax = 200;

runtime::Instant at_ms(std::int64_t milliseconds) {
  return runtime::Instant(std::chrono::milliseconds(milliseconds));
}

}  // namespace

TEST_CASE("before anything was measured, quantiles are zero") {
  CHECK(RecentValues(kCountMax).quantile(0.99) == 0.0);
}

TEST_CASE("a quantile is the smallest value that so many do not exceed") {
  RecentValues values(kCountMax);
  for (int value = 1; value <= 100; ++value) values.add(value);
  CHECK(values.quantile(0.0) == 1.0);
  CHECK(values.quantile(0.5) == 50.0);
  CHECK(values.quantile(0.99) == 99.0);
  CHECK(values.quantile(1.0) == 100.0);
}

TEST_CASE("only the last values count") {
  RecentValues values(kCountMax);
  for (int i = 0; i < 5000; ++i) values.add(9.0);
  for (std::size_t i = 0; i < kCountMax; ++i) values.add(2.0);
  CHECK(values.quantile(1.0) == 2.0);
}

TEST_CASE("where nothing flows, and before time has passed, the rate is zero") {
  RecentRate rate(at_ms(0));
  CHECK(rate.per_second(at_ms(0)) == 0.0);
  CHECK(rate.per_second(at_ms(1000)) == 0.0);
}

TEST_CASE("what flows evenly has its rate from the beginning") {
  RecentRate rate(at_ms(0));
  for (int i = 1; i <= 20'000; ++i) {
    rate.add(0.7, at_ms(i));
    if (i >= 500 && i % 500 == 0) CHECK(rate.per_second(at_ms(i)) == Approx(700.0).epsilon(0.002));
  }
}

TEST_CASE("a flow that ends is forgotten, by a factor e in each memory") {
  RecentRate rate(at_ms(0));
  for (int i = 1; i <= 60'000; ++i) rate.add(1.0, at_ms(i));
  const double flowing = rate.per_second(at_ms(60'000));
  CHECK(rate.per_second(at_ms(65'000)) == Approx(flowing * std::exp(-1.0)).epsilon(1e-3));
  CHECK(rate.per_second(at_ms(160'000)) < 1e-5);
}
