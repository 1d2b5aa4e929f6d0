#include "models/partition.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "models/dirichlet.h"
#include "runtime/random.h"
#include "tests/support/catch.h"

namespace {

using models::Partition;
using models::PartitionOptions;

std::vector<std::int32_t> labels_in_turn(std::size_t count, std::size_t classes = 10) {
  std::vector<std::int32_t> labels(count);
  for (std::size_t i = 0; i < count; ++i) labels[i] = static_cast<std::int32_t>(i % classes);
  return labels;
}

Partition divide(std::span<const std::int32_t> labels, const PartitionOptions& options) {
  const auto parts = models::partition(labels, options);
  REQUIRE(parts.ok());
  return *parts;
}

std::size_t classes_of(std::span<const std::int32_t> labels,
                       const std::vector<std::uint32_t>& part) {
  std::set<std::int32_t> classes;
  for (const std::uint32_t index : part) classes.insert(labels[index]);
  return classes.size();
}

std::size_t spread(const Partition& parts) {
  const auto [least, most] =
      std::ranges::minmax_element(parts, {}, [](auto& p) { return p.size(); });
  return most->size() - least->size();
}

std::string refusal(std::size_t samples, const PartitionOptions& options) {
  const auto parts = models::partition(labels_in_turn(samples), options);
  REQUIRE_FALSE(parts.ok());
  return parts.error().message;
}

}  // namespace

TEST_CASE("one part is everything, in order") {
  const auto labels = labels_in_turn(5);
  for (const auto& known : models::known_partitions()) {
    const Partition parts = divide(labels, {.name = std::string(known.name), .parts = 1});
    CHECK(parts == Partition{{0, 1, 2, 3, 4}});
  }
}

TEST_CASE("every sample is in exactly one part and no part is empty") {
  runtime::Random random(77);
  for (int round = 0; round < 60; ++round) {
    const std::size_t samples = 1 + random.below(300);
    const std::size_t parts = 1 + random.below(std::min<std::size_t>(samples, 40));
    const double alpha = random.below(2) == 0 ? 0.01 : 1.5;
    const auto labels = labels_in_turn(samples, 1 + random.below(12));
    for (const auto& known : models::known_partitions()) {
      const PartitionOptions options{
          .name = std::string(known.name), .alpha = alpha, .parts = parts, .seed = random.bits()};
      CAPTURE(options.name, samples, parts, alpha, options.seed);
      const Partition divided = divide(labels, options);
      CHECK(divided.size() == parts);
      std::vector<std::uint32_t> all;
      for (const auto& part : divided) {
        CHECK_FALSE(part.empty());
        CHECK(std::ranges::is_sorted(part));
        all.insert(all.end(), part.begin(), part.end());
      }
      std::ranges::sort(all);
      std::vector<std::uint32_t> expected(samples);
      std::iota(expected.begin(), expected.end(), 0U);
      CHECK(all == expected);
    }
  }
}

TEST_CASE("as many parts as samples gives each one") {
  const auto labels = labels_in_turn(20);
  for (const auto& known : models::known_partitions())
    for (const auto& part : divide(labels, {.name = std::string(known.name), .parts = 20}))
      CHECK(part.size() == 1);
}

TEST_CASE("a seed decides the partition, another seed another") {
  const auto labels = labels_in_turn(500);
  for (const std::string name : {"iid", "dirichlet", "shards", "clusters"}) {
    const PartitionOptions options{.name = name, .parts = 5, .seed = 3};
    CHECK(divide(labels, options) == divide(labels, options));
    PartitionOptions other = options;
    other.seed = 4;
    CHECK(divide(labels, options) != divide(labels, other));
  }
}

TEST_CASE("partitions have the same bits on every machine and compiler") {
  const auto labels = labels_in_turn(1000);
  const auto hash = [&](const std::string& name, double alpha) {
    return models::partition_hash(
        divide(labels, {.name = name, .alpha = alpha, .parts = 8, .seed = 1}));
  };
  CHECK(hash("iid", 0.5) == 0xdf911d1a4180ebfe);
  CHECK(hash("dirichlet", 0.1) == 0x16145b74c77820f2);
  CHECK(hash("dirichlet", 5.0) == 0x667a1351f2db2894);
  CHECK(hash("shards", 0.5) == 0xf59ff8c8576d0f6e);
  CHECK(hash("contiguous", 0.5) == 0x71cae55ca8c296c2);
}

TEST_CASE("the hash sees one sample that changed sides") {
  CHECK(models::partition_hash({{0, 1}, {2}}) != models::partition_hash({{0}, {1, 2}}));
  CHECK(models::partition_hash({{0, 1}, {2}}) != models::partition_hash({{2}, {0, 1}}));
  CHECK(models::partition_hash({{0, 1}, {2}}) == models::partition_hash({{0, 1}, {2}}));
}

TEST_CASE("iid and contiguous parts differ by one sample at most") {
  const auto labels = labels_in_turn(103);
  CHECK(spread(divide(labels, {.name = "iid", .parts = 7, .seed = 1})) <= 1);
  CHECK(spread(divide(labels, {.name = "contiguous", .parts = 7})) <= 1);
}

TEST_CASE("contiguous parts are runs") {
  CHECK(divide(labels_in_turn(5), {.name = "contiguous", .parts = 2}) ==
        Partition{{0, 1}, {2, 3, 4}});
}

TEST_CASE("a part of shards has few classes, a part of iid all") {
  const auto labels = labels_in_turn(2000);
  for (const auto& part : divide(labels, {.name = "shards", .parts = 10, .seed = 2}))
    CHECK(classes_of(labels, part) <= 2);
  for (const auto& part : divide(labels, {.name = "iid", .parts = 10, .seed = 2}))
    CHECK(classes_of(labels, part) == 10);
}

TEST_CASE("clusters have no class in common, and within one everybody has all of its classes") {
  for (const std::size_t parts : {2U, 6U, 7U}) {
    const auto labels = labels_in_turn(2100);
    const Partition divided = divide(labels, {.name = "clusters", .parts = parts, .seed = 2});
    for (std::size_t part = 0; part < parts; ++part) {
      CHECK(classes_of(labels, divided[part]) == 5);
      const bool first = part < parts / 2;
      CHECK(std::ranges::all_of(divided[part],
                                [&](std::uint32_t index) { return (labels[index] < 5) == first; }));
    }
  }
}

TEST_CASE("a smaller alpha makes parts less equal") {
  const auto labels = labels_in_turn(5000);
  const auto unequal = [&](double alpha) {
    return spread(divide(labels, {.name = "dirichlet", .alpha = alpha, .parts = 8, .seed = 6}));
  };
  CHECK(unequal(0.1) > 4 * unequal(10.0));
  CHECK(unequal(10.0) > unequal(1e6));
}

TEST_CASE("Dirichlet shares sum to one and have the distribution's mean and variance") {
  for (const double alpha : {0.1, 0.7, 1.0, 4.0}) {
    CAPTURE(alpha);
    constexpr std::size_t kParts = 4;
    constexpr int kDraws = 20'000;
    runtime::Random random(11);
    double sum = 0.0;
    double squares = 0.0;
    for (int i = 0; i < kDraws; ++i) {
      const auto shares = models::draw_dirichlet(alpha, kParts, random);
      REQUIRE(std::accumulate(shares.begin(), shares.end(), 0.0) == Approx(1.0).epsilon(1e-12));
      sum += shares[1];
      squares += shares[1] * shares[1];
    }
    const double mean = sum / kDraws;
    // a_i (a_0 - a_i) / (a_0^2 (a_0 + 1)), all a_i = alpha, a_0 = 4 alpha
    const double variance = 3.0 / (16.0 * (4.0 * alpha + 1.0));
    CHECK(mean == Approx(0.25).margin(0.01));
    CHECK(squares / kDraws - mean * mean == Approx(variance).epsilon(0.05));
  }
}

TEST_CASE("a tiny alpha gives a class to one part and does not underflow") {
  runtime::Random random(5);
  for (int i = 0; i < 100; ++i) {
    const auto shares = models::draw_dirichlet(1e-6, 8, random);
    CHECK(*std::ranges::max_element(shares) > 0.999);
  }
}

TEST_CASE("partitions that cannot be are refused") {
  CHECK(refusal(10, {.name = "random", .parts = 2}) ==
        "unknown partition \"random\": expected one of iid, dirichlet, shards, clusters, "
        "contiguous");
  CHECK(refusal(10, {.name = "iid", .parts = 0}) == "10 samples cannot be divided into 0 parts");
  CHECK(refusal(10, {.name = "iid", .parts = 11}) == "10 samples cannot be divided into 11 parts");
  for (const double alpha : {0.0, -1.0, 1e7, std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()})
    CHECK(refusal(10, {.name = "dirichlet", .alpha = alpha, .parts = 2})
              .find("dirichlet: expected alpha from 1e-06 to 1000000, found ") == 0);
}
