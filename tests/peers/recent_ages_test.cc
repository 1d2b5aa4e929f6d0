#include "peers/recent_ages.h"

#include "tests/support/catch.h"

TEST_CASE("before anything was mixed, ages are zero") {
  CHECK(peers::RecentAges().quantile(0.99) == 0);
}

TEST_CASE("a quantile is the smallest age that so many do not exceed") {
  peers::RecentAges ages;
  for (std::uint64_t age = 1; age <= 100; ++age) ages.add(age);
  CHECK(ages.quantile(0.0) == 1);
  CHECK(ages.quantile(0.5) == 50);
  CHECK(ages.quantile(0.99) == 99);
  CHECK(ages.quantile(1.0) == 100);
}

TEST_CASE("only the last ages count") {
  peers::RecentAges ages;
  for (int i = 0; i < 5000; ++i) ages.add(9);
  for (std::size_t i = 0; i < peers::RecentAges::kAgesMax; ++i) ages.add(2);
  CHECK(ages.quantile(1.0) == 2);
}
