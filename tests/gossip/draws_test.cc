#include "gossip/topology/draws.h"

#include <array>
#include <cmath>
#include <map>

#include "tests/support/catch.h"

using gossip::draw_binomial;
using gossip::draw_distinct;
using gossip::Places;
using gossip::Shuffle;

TEST_CASE("no number is drawn where none is asked for, all where all are") {
  runtime::Random random(1);
  CHECK(draw_distinct(random, 0, 0).empty());
  CHECK(draw_distinct(random, 0, 7).empty());
  CHECK(draw_distinct(random, 4, 4) == Places{0, 1, 2, 3});
}

TEST_CASE("drawn numbers are distinct, ascending and below the bound") {
  runtime::Random random(2);
  for (const std::size_t bound : {1U, 2U, 9U, 40U, 1000U}) {
    for (std::size_t count = 0; count <= std::min<std::size_t>(bound, 50); ++count) {
      const Places drawn = draw_distinct(random, count, bound);
      REQUIRE(drawn.size() == count);
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(drawn[i] < bound);
        if (i > 0) CHECK(drawn[i - 1] < drawn[i]);
      }
    }
  }
}

TEST_CASE("every set is equally likely, few drawn of many and many of few") {
  struct Case {
    std::size_t count;
    std::size_t bound;
    std::size_t sets;
  };
  for (const auto& [count, bound, sets] : {Case{2, 16, 120}, Case{2, 5, 10}, Case{3, 5, 10}}) {
    runtime::Random random(3);
    std::map<Places, double> seen;
    const double expected = 400.0;
    const auto draws = static_cast<std::size_t>(expected) * sets;
    for (std::size_t i = 0; i < draws; ++i) seen[draw_distinct(random, count, bound)] += 1.0;
    CHECK(seen.size() == sets);
    double chi_square = 0.0;
    for (const auto& [set, times] : seen)
      chi_square += (times - expected) * (times - expected) / expected;
    // sets - 1 degrees of freedom: that mean, a standard deviation of sqrt(2 sets).
    CHECK(chi_square <
          static_cast<double>(sets) + 5.0 * std::sqrt(2.0 * static_cast<double>(sets)));
  }
}

TEST_CASE("a binomial draw has the mean and the variance of its trials") {
  struct Case {
    std::size_t trials;
    double chance;
  };
  for (const auto& [trials, chance] :
       {Case{1, 0.3}, Case{10, 0.5}, Case{1000, 0.002}, Case{5000, 0.5}, Case{20, 0.999}}) {
    CAPTURE(trials, chance);
    runtime::Random random(4);
    constexpr int kDraws = 20000;
    double sum = 0.0;
    double squares = 0.0;
    for (int i = 0; i < kDraws; ++i) {
      const auto drawn = static_cast<double>(draw_binomial(random, trials, chance));
      CHECK(drawn <= static_cast<double>(trials));
      sum += drawn;
      squares += drawn * drawn;
    }
    const double mean = sum / kDraws;
    const double expected = static_cast<double>(trials) * chance;
    const double variance = expected * (1.0 - chance);
    CHECK(std::abs(mean - expected) < 5.0 * std::sqrt(variance / kDraws));
    CHECK(squares / kDraws - mean * mean == Approx(variance).epsilon(0.08));
  }
}

TEST_CASE("what cannot happen never does, what must always") {
  runtime::Random random(5);
  for (int i = 0; i < 100; ++i) {
    CHECK(draw_binomial(random, 50, 0.0) == 0);
    CHECK(draw_binomial(random, 50, 1.0) == 50);
    CHECK(draw_binomial(random, 0, 0.5) == 0);
  }
}

TEST_CASE("a shuffle puts every place somewhere else than all others, and finds it again") {
  for (const std::size_t count : {1U, 2U, 3U, 6U, 17U, 1000U}) {
    for (std::uint64_t round = 0; round < 4; ++round) {
      const Shuffle shuffle(7, round, count);
      std::vector<bool> taken(count, false);
      for (std::size_t place = 0; place < count; ++place) {
        const std::size_t position = shuffle.position_of(place);
        REQUIRE(position < count);
        CHECK_FALSE(taken[position]);
        taken[position] = true;
        CHECK(shuffle.place_at(position) == place);
      }
    }
  }
}

TEST_CASE("all orders of four are equally likely, over rounds and over seeds") {
  for (const bool by_round : {true, false}) {
    std::map<std::array<std::size_t, 4>, double> seen;
    constexpr double kExpected = 500.0;
    for (std::uint64_t i = 0; i < 24 * 500; ++i) {
      const Shuffle shuffle(by_round ? 1 : i, by_round ? i : 1, 4);
      std::array<std::size_t, 4> order{};
      for (std::size_t place = 0; place < 4; ++place) order[place] = shuffle.position_of(place);
      seen[order] += 1.0;
    }
    CHECK(seen.size() == 24);
    double chi_square = 0.0;
    for (const auto& [order, times] : seen)
      chi_square += (times - kExpected) * (times - kExpected) / kExpected;
    CHECK(chi_square < 23.0 + 5.0 * std::sqrt(46.0));
  }
}
