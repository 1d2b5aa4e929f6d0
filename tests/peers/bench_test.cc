// The benches that need nobody else, with next to no time: that they run, and what they refuse.

#include "peers/bench.h"

#include "gossip/codec.h"
#include "tests/support/catch.h"

namespace {

constexpr double kMoment = 1e-4;  // seconds

bool is_spread(const peers::Spread& spread) {
  return 0.0 < spread.min && spread.min <= spread.median && spread.median <= spread.max;
}

}  // namespace

TEST_CASE("the spread of figures is their middle and their ends") {
  const peers::Spread spread = peers::spread_of({3.0, 1.0, 2.0});
  CHECK(spread.min == 1.0);
  CHECK(spread.median == 2.0);
  CHECK(spread.max == 3.0);
}

TEST_CASE("every codec can be measured, in blocks that do not divide the whole") {
  for (const gossip::CodecName& codec : gossip::codec_names()) {
    CAPTURE(codec.name);
    const auto report = peers::bench_codec({.codec = std::string(codec.name),
                                            .bytes = 10'000,
                                            .block_bytes = 4096,
                                            .window_seconds = kMoment,
                                            .windows = 3});
    REQUIRE(report.ok());
    CHECK(is_spread(report->encode_gigabytes_per_second));
    CHECK(is_spread(report->decode_gigabytes_per_second));
    CHECK(is_spread(report->memcpy_gigabytes_per_second));
    CHECK(is_spread(report->ratio));
    const double bytes = codec.name == "f32" ? 4.0 : 2.0;
    CHECK(report->bytes_a_number <= bytes);
  }
}

TEST_CASE("a codec that there is not cannot be measured") {
  const auto report = peers::bench_codec({.codec = "int9"});
  REQUIRE_FALSE(report.ok());
  CHECK_THAT(report.error().message, Catch::Contains("int9") && Catch::Contains("int8"));
}

TEST_CASE("folding can be measured") {
  const auto report = peers::bench_mix(
      {.bytes = 10'000, .block_bytes = 4096, .window_seconds = kMoment, .windows = 3});
  REQUIRE(report.ok());
  CHECK(is_spread(report->fold_gigabytes_per_second));
  CHECK(is_spread(report->triad_gigabytes_per_second));
  CHECK(is_spread(report->ratio));
}

TEST_CASE("peers that only gossip keep their weight, with keys too") {
  const bool curve = GENERATE(false, true);
  const auto report = peers::bench_gossip({.bytes = 100'000,
                                           .block_bytes = 16'384,
                                           .curve = curve,
                                           .window_seconds = 0.01,
                                           .windows = 3});
  REQUIRE(report.ok());
  CHECK(report->weight_total == Approx(2.0).epsilon(1e-9));
}
