// What push-sum makes of each codec, and of pushes of some blocks, when it does nothing but
// average: ten peers, each pushing to one drawn at random, from normal numbers. Errors are squared
// and relative to the spread at the start.

#include "tests/support/averaging_rounds.h"

#include <algorithm>

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::BlockChoice;
using test::AveragingOptions;
using test::AveragingRounds;

namespace {

constexpr double kExact = 1e-12;
constexpr std::uint64_t kSeeds = 6;

// The middle one of the errors of several seeds, with every total checked.
double error_after(int rounds, AveragingOptions options) {
  std::vector<double> errors;
  for (options.seed = 1; options.seed <= kSeeds; ++options.seed) {
    options.blocks.seed = options.seed;
    AveragingRounds averaging(options);
    averaging.steps(rounds);
    CHECK(averaging.mass_error() < kExact);
    errors.push_back(averaging.error());
  }
  std::sort(errors.begin(), errors.end());
  return errors[errors.size() / 2];
}

double error_of(std::string_view codec, double damping = 1.0) {
  return error_after(300, {.parameter_count = 500, .codec = codec, .damping = damping});
}

bool is_between(double low, double value, double high) {
  CAPTURE(low, value, high);
  return low < value && value < high;
}

}  // namespace

TEST_CASE("a lone peer keeps its mass on every codec") {
  for (const gossip::CodecName& codec : gossip::codec_names()) {
    AveragingRounds alone({.peer_count = 1, .codec = codec.name});
    alone.steps(3);
    CHECK(alone.mass_error() == 0.0);
  }
}

TEST_CASE("f32 averages to the last bits") { CHECK(error_of("f32") < 1e-28); }

TEST_CASE("what push-sum cannot send comes to rest at the floor of its codec, totals exact") {
  CHECK(is_between(5e-8, error_of("bf16"), 5e-6));
  CHECK(is_between(5e-10, error_of("f16"), 5e-8));
  CHECK(is_between(5e-7, error_of("int8"), 2e-5));
  CHECK(is_between(1e-4, error_of("int4"), 1e-2));
}

TEST_CASE("damping lowers the floor down to the least that pays, and raises it below") {
  for (const gossip::CodecName& codec : gossip::codec_names()) {
    if (codec.damping_max == 1.0) continue;
    CAPTURE(codec.name);
    CHECK(error_of(codec.name, codec.damping_max) < 0.5 * error_of(codec.name, 1.0));
  }
  const auto rested = [](double damping) {
    return error_after(1500, {.codec = "int8", .damping = damping});
  };
  CHECK(rested(0.05) > 1.5 * rested(0.5));
}

TEST_CASE("damping slows averaging and nothing else where nothing is lost") {
  const double slow = error_after(100, {.damping = 0.2});
  CHECK(is_between(1e-12, slow, 1e-8));
  CHECK(error_after(600, {.damping = 0.2}) < 1e-28);
}

TEST_CASE(
    "codecs that push-sum refuses leave peers apart at any damping, totals exact all the same") {
  for (const gossip::CodecName& codec : gossip::codec_names()) {
    if (codec.unfit_for_push_sum.empty()) continue;
    for (const double damping : {1.0, 0.2, 0.05}) {
      CAPTURE(codec.name, damping);
      CHECK(error_of(codec.name, damping) > 0.05);
    }
  }
}

TEST_CASE("one block of five a push: the error after 100 and 200 rounds, mass exact") {
  AveragingOptions options{.block_count = 5, .blocks = {.blocks_per_push = 1}};
  CHECK(is_between(4e-9, error_after(100, options), 4e-7));
  CHECK(is_between(1e-17, error_after(200, options), 1e-13));
  options.codec = "int8";
  CHECK(is_between(3e-7, error_after(300, options), 6e-6));
  options.codec = "f32";
  options.blocks.order = BlockChoice::Order::kRandom;
  CHECK(is_between(1e-8, error_after(100, options), 1e-4));
  CHECK(error_after(500, options) < 1e-18);
}

TEST_CASE("pushes of some blocks mix every block, also on a topology that repeats") {
  // Two graphs in turn and two blocks: by the round alone, each block would see only one of them.
  for (const auto order : {BlockChoice::Order::kRoundRobin, BlockChoice::Order::kRandom}) {
    AveragingOptions options{.peer_count = 4,
                             .block_count = 2,
                             .topology = "one-peer-exponential",
                             .blocks = {.blocks_per_push = 1, .order = order}};
    CHECK(error_after(100, options) < 1e-10);
  }
}

TEST_CASE("round-robin takes the blocks in turn, and a sweep is of one graph") {
  const BlockChoice choice({.blocks_per_push = 2}, 5);
  CHECK(choice.sweep_rounds() == 3);
  CHECK(choice.blocks(0) == gossip::List<std::uint32_t>{0U, 1U});
  CHECK(choice.blocks(1) == gossip::List<std::uint32_t>{2U, 3U});
  CHECK(choice.blocks(2) == gossip::List<std::uint32_t>{4U});
  CHECK(choice.blocks(3) == choice.blocks(0));
  CHECK(choice.graph_round(2) == 0);
  CHECK(choice.graph_round(3) == 1);
}

TEST_CASE("drawn blocks are distinct, sorted, and all come about as often") {
  const BlockChoice choice({.blocks_per_push = 3, .order = BlockChoice::Order::kRandom}, 10);
  std::vector<int> times(10, 0);
  for (std::uint64_t round = 0; round < 1000; ++round) {
    const auto blocks = choice.blocks(round);
    REQUIRE(blocks.size() == 3);
    REQUIRE(std::adjacent_find(blocks.begin(), blocks.end(), std::greater_equal<>()) ==
            blocks.end());
    for (const std::uint32_t block : blocks) ++times[block];
    CHECK(choice.graph_round(round) == round);
  }
  CHECK(*std::min_element(times.begin(), times.end()) > 230);
  CHECK(*std::max_element(times.begin(), times.end()) < 370);
}

TEST_CASE("all blocks are pushed where none are chosen, or more than there are") {
  for (const std::size_t count : {0U, 3U, 7U}) {
    const BlockChoice choice({.blocks_per_push = count}, 3);
    CHECK(choice.blocks(5) == gossip::List<std::uint32_t>{0U, 1U, 2U});
    CHECK(choice.sweep_rounds() == 1);
    CHECK(choice.graph_round(5) == 5);
  }
  CHECK(BlockChoice({.blocks_per_push = 2}, 0).blocks(1).empty());
  CHECK(BlockChoice({.blocks_per_push = 2}, 0).sweep_rounds() == 1);
}
