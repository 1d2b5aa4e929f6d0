#include "gossip/distances.h"

#include <cmath>

#include "runtime/random.h"
#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::DistanceOptions;
using gossip::Distances;
using gossip::Heard;

std::vector<double> normal_numbers(std::size_t count, std::uint64_t seed) {
  runtime::Random random(seed);
  std::vector<double> numbers(count);
  for (double& number : numbers) number = random.normal();
  return numbers;
}

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

// What `other` would have heard of it.
Heard heard_of(const gossip::BlockLayout& layout, const DistanceOptions& options,
               const std::vector<double>& x, double weight) {
  Distances distances(options, layout);
  const auto snapshot = test::snapshot_of(layout, x, weight);
  distances.note_own(snapshot);
  Heard heard{.parcels = {}, .sketch = distances.own_sketch()};
  for (std::uint32_t block = 0; block < layout.block_count(); ++block) {
    const auto [offset, count] = layout.range(block);
    gossip::Parcel& parcel = heard.parcels.emplace_back();
    parcel.block = block;
    parcel.share = 0.5;
    parcel.weight = weight;
    parcel.payload = snapshot->z.slice(offset * sizeof(double), count * sizeof(double));
  }
  return heard;
}

const gossip::BlockLayout& wide_layout() {
  static const gossip::BlockLayout layout(20'000, 40'000, kernels::Scalar::kF64);  // 4 blocks
  return layout;
}

}  // namespace

TEST_CASE("a model without parameters is at no distance") {
  const gossip::BlockLayout nothing(0, 1024, kernels::Scalar::kF64);
  for (const auto kind : {DistanceOptions::Kind::kSketch, DistanceOptions::Kind::kExact}) {
    Distances distances({.kind = kind}, nothing);
    distances.note_own(test::snapshot_of<double>(nothing, {}));
    CHECK(distances.squared(Heard{}) == gossip::List<double>{0.0});
  }
}

TEST_CASE("a stranger, and everybody before the first push, is at distance 0") {
  const auto kind = GENERATE(DistanceOptions::Kind::kSketch, DistanceOptions::Kind::kExact);
  const auto& layout = wide_layout();
  const std::vector<double> x = normal_numbers(layout.parameter_count(), 1);
  Distances distances({.kind = kind}, layout);
  CHECK(distances.squared(heard_of(layout, {.kind = kind}, x, 1.0)) == gossip::List<double>{0.0});
  distances.note_own(test::snapshot_of(layout, x));
  CHECK(distances.squared(Heard{}) == gossip::List<double>{0.0});
}

TEST_CASE("exact: the squared distance of z, or of w z") {
  const auto& layout = wide_layout();
  const std::vector<double> x = normal_numbers(layout.parameter_count(), 1);
  const std::vector<double> y = normal_numbers(layout.parameter_count(), 2);
  DistanceOptions options{.kind = DistanceOptions::Kind::kExact, .of_estimates = false};
  Distances of_mass(options, layout);
  of_mass.note_own(test::snapshot_of(layout, x, 0.5));
  double expected = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) expected += std::pow(0.5 * x[i] - 2.0 * y[i], 2);
  CHECK(of_mass.squared(heard_of(layout, options, y, 2.0))[0] == Approx(expected));

  options.of_estimates = true;
  Distances of_estimates(options, layout);
  of_estimates.note_own(test::snapshot_of(layout, x, 0.5));
  CHECK(of_estimates.squared(heard_of(layout, options, y, 2.0))[0] ==
        Approx(squared_distance(x, y)));
}

TEST_CASE("one distance a block adds up to the one in all") {
  const auto& layout = wide_layout();
  const std::vector<double> x = normal_numbers(layout.parameter_count(), 1);
  const std::vector<double> y = normal_numbers(layout.parameter_count(), 2);
  const DistanceOptions options{.kind = DistanceOptions::Kind::kExact, .per_block = true};
  Distances distances(options, layout);
  distances.note_own(test::snapshot_of(layout, x));
  const gossip::List<double> blocks = distances.squared(heard_of(layout, options, y, 1.0));
  REQUIRE(blocks.size() == layout.block_count());
  double sum = 0.0;
  for (const double block : blocks) sum += block;
  CHECK(sum == Approx(squared_distance(x, y)));
}

TEST_CASE("sketches: unbiased, and as close as their width promises") {
  const auto& layout = wide_layout();
  const std::vector<double> x = normal_numbers(layout.parameter_count(), 1);
  const std::vector<double> y = normal_numbers(layout.parameter_count(), 2);
  const double exact = squared_distance(x, y);
  const bool per_block = GENERATE(false, true);
  double mean = 0.0;
  double variance = 0.0;
  constexpr int kSeeds = 200;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const DistanceOptions options{.kind = DistanceOptions::Kind::kSketch,
                                  .per_block = per_block,
                                  .seed = static_cast<std::uint64_t>(seed)};
    Distances distances(options, layout);
    distances.note_own(test::snapshot_of(layout, x));
    double sum = 0.0;
    for (const double block : distances.squared(heard_of(layout, options, y, 1.0))) sum += block;
    mean += sum / exact / kSeeds;
    variance += std::pow(sum / exact - 1.0, 2) / kSeeds;
  }
  CAPTURE(mean, variance);
  // 1024 sums in all, by blocks or not: sqrt(2 / 1024) = 0.044.
  CHECK(std::abs(mean - 1.0) < 4.0 * 0.044 / std::sqrt(double{kSeeds}));
  CHECK(std::sqrt(variance) < 0.044 * 1.25);
  CHECK(std::sqrt(variance) > 0.044 * 0.75);
}

TEST_CASE("a sketch is linear: pieces of any size add up to the whole") {
  const std::vector<double> x = normal_numbers(5'000, 3);
  const gossip::SketchOptions options{.width = 256, .seed = 9};
  std::vector<double> whole(256, 0.0);
  gossip::add_to_sketch(options, 0, 2.0, std::span<const double>(x), whole);
  std::vector<double> pieces(256, 0.0);
  runtime::Random random(4);
  for (std::size_t done = 0; done < x.size();) {
    const std::size_t count = std::min<std::size_t>(1 + random.below(300), x.size() - done);
    gossip::add_to_sketch(options, done, 2.0, std::span<const double>(x).subspan(done, count),
                          pieces);
    done += count;
  }
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(pieces[i] == Approx(whole[i]).margin(1e-12));
}

TEST_CASE("neighbouring coordinates never share a sum") {
  const gossip::SketchOptions options{.width = 64, .seed = 5};
  for (std::size_t run = 0; run < 50; ++run) {
    const std::vector<double> ones(64, 1.0);
    std::vector<double> sums(64, 0.0);
    gossip::add_to_sketch(options, 64 * run, 1.0, std::span<const double>(ones), sums);
    for (const double sum : sums) CHECK(std::abs(sum) == 1.0);
  }
}

TEST_CASE("more blocks than a sketch can carry are refused, with what helps") {
  const gossip::BlockLayout many(10'000, 8, kernels::Scalar::kF64);
  const DistanceOptions per_block{.kind = DistanceOptions::Kind::kSketch, .per_block = true};
  const auto refused = Distances::check(per_block, many);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message ==
        "gossip.moreau.per_block: the model has 10000 blocks, sketches carry at most 512; a larger "
        "gossip.block_bytes makes fewer");
  CHECK(Distances::check({.kind = DistanceOptions::Kind::kSketch}, many).ok());
  CHECK(Distances::check({.kind = DistanceOptions::Kind::kExact, .per_block = true}, many).ok());
}
