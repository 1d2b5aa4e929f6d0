#include "runtime/random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "tests/runtime/child_process.h"
#include "tests/support/catch.h"

using runtime::mix_bits;
using runtime::Random;

namespace {

constexpr int kDraws = 200'000;

// Pearson's statistic of counts that should all be alike.
double chi_square(const std::vector<int>& counts, double expected) {
  double sum = 0.0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

}  // namespace

TEST_CASE("mixing multiples of the golden gamma gives SplitMix64's published stream of seed 0") {
  constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15ULL;
  REQUIRE(mix_bits(0) == 0);
  REQUIRE(mix_bits(1 * kGamma) == 0xe220a8397b1dcdafULL);
  REQUIRE(mix_bits(2 * kGamma) == 0x6e789e6aa1b965f4ULL);
  REQUIRE(mix_bits(3 * kGamma) == 0x06c45d188009454fULL);
}

TEST_CASE("a seed and a stream fix the draws, on every machine") {
  // Computed apart from this code, with Python's integers, from the definition in the header.
  const auto [seed, stream, first] =
      GENERATE(table<std::uint64_t, std::uint64_t, std::array<std::uint64_t, 3>>({
          {0x0ULL, 0, {0xb57a554f8c372f91ULL, 0xf4ed03d1238a0371ULL, 0xb6bedcd64b48b68fULL}},
          {0x1ULL, 0, {0xa4f53d3266ae449eULL, 0xf53fedf0b2f7a850ULL, 0xf0603bf6fff1434cULL}},
          {0x1ULL, 1, {0x2ae53ddf6e42e295ULL, 0x4334f862873fb363ULL, 0xab594abdfd1a29f7ULL}},
          {0xffffffffffffffffULL,
           7,
           {0x93e45f2514daf322ULL, 0xdcfc55634114b6cbULL, 0x4c1eceba9ef5c70cULL}},
      }));
  CAPTURE(seed, stream);
  Random random(seed, stream);
  for (const std::uint64_t expected : first) REQUIRE(random.bits() == expected);
}

TEST_CASE("a copy repeats the draws of its original") {
  Random random(5);
  (void)random.bits();
  Random copy = random;
  for (int i = 0; i < 100; ++i) REQUIRE(copy.normal() == random.normal());
}

TEST_CASE("streams of one seed do not meet") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t stream = 0; stream < 100; ++stream) {
    Random random(1, stream);
    for (int i = 0; i < 100; ++i) seen.insert(random.bits());
  }
  REQUIRE(seen.size() == 100 * 100);
}

TEST_CASE("swapping seed and stream gives other draws") {
  REQUIRE(Random(1, 2).bits() != Random(2, 1).bits());
}

TEST_CASE("below 1 there is only 0") {
  Random random(1);
  for (int i = 0; i < 100; ++i) REQUIRE(random.below(1) == 0);
}

TEST_CASE("below nothing there is no number") {
  require_check_fails([] { (void)Random(1).below(0); }, "bound > 0");
}

TEST_CASE("every number below a bound is as likely as any other") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  Random random(seed);
  std::vector<int> counts(10);
  for (int i = 0; i < kDraws; ++i) ++counts[random.below(counts.size())];
  REQUIRE(chi_square(counts, kDraws / 10.0) < 27.88);  // 9 degrees of freedom, p = 0.001
}

TEST_CASE("a bound that does not divide 2^64 favours nobody") {
  // A bare remainder would land below 2^62 half of the time instead of a third.
  Random random(11);
  constexpr std::uint64_t kQuarter = std::uint64_t{1} << 62U;
  int low = 0;
  for (int i = 0; i < kDraws; ++i) low += random.below(3 * kQuarter) < kQuarter ? 1 : 0;
  REQUIRE(low == Approx(kDraws / 3.0).margin(5 * std::sqrt(kDraws * 2.0 / 9.0)));
}

TEST_CASE("uniform draws fill the unit interval evenly") {
  Random random(3);
  double sum = 0.0;
  double squares = 0.0;
  std::vector<int> counts(16);
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = random.uniform();
    REQUIRE(drawn >= 0.0);
    REQUIRE(drawn < 1.0);
    sum += drawn;
    squares += drawn * drawn;
    ++counts[static_cast<std::size_t>(drawn * 16.0)];
  }
  REQUIRE(sum / kDraws == Approx(0.5).margin(5 * 0.2887 / std::sqrt(kDraws)));
  REQUIRE(squares / kDraws == Approx(1.0 / 3.0).margin(5 * 0.2981 / std::sqrt(kDraws)));
  REQUIRE(chi_square(counts, kDraws / 16.0) < 37.70);  // 15 degrees of freedom, p = 0.001
}

TEST_CASE("uniform draws of a range stay inside it") {
  Random random(4);
  for (int i = 0; i < 1000; ++i) {
    const double drawn = random.uniform(-3.0, -1.0);
    REQUIRE(drawn >= -3.0);
    REQUIRE(drawn < -1.0);
  }
}

TEST_CASE("normal draws have mean 0, deviation 1, no skew and a kurtosis of 3") {
  Random random(6);
  std::array<double, 4> moments{};
  for (int i = 0; i < kDraws; ++i) {
    const double drawn = random.normal();
    double power = 1.0;
    for (double& moment : moments) moment += (power *= drawn) / kDraws;
  }
  const double unit = 5.0 / std::sqrt(kDraws);  // five standard errors of a unit deviation
  REQUIRE(moments[0] == Approx(0.0).margin(unit));
  REQUIRE(moments[1] == Approx(1.0).margin(unit * std::sqrt(2.0)));
  REQUIRE(moments[2] == Approx(0.0).margin(unit * std::sqrt(15.0)));
  REQUIRE(moments[3] == Approx(3.0).margin(unit * std::sqrt(96.0)));
}

TEST_CASE("shuffling nothing and one item changes nothing") {
  Random random(7);
  std::vector<int> none;
  random.shuffle(std::span(none));
  std::vector<int> one{9};
  random.shuffle(std::span(one));
  REQUIRE(one == std::vector<int>{9});
}

TEST_CASE("a shuffle is a permutation, and all are as likely") {
  Random random(8);
  std::map<std::vector<int>, int> seen;
  constexpr int kShuffles = 60'000;
  for (int i = 0; i < kShuffles; ++i) {
    std::vector<int> items{1, 2, 3};
    random.shuffle(std::span(items));
    ++seen[items];
  }
  std::vector<int> counts;
  for (const auto& [order, count] : seen) {
    REQUIRE(std::ranges::is_permutation(order, std::vector<int>{1, 2, 3}));
    counts.push_back(count);
  }
  REQUIRE(counts.size() == 6);
  REQUIRE(chi_square(counts, kShuffles / 6.0) < 20.52);  // 5 degrees of freedom, p = 0.001
}
