// Widths that give networks of equal size, and what a study of a few small ones says.
#include "peers/width_study.h"

#include <cstddef>
#include <string>
#include <vector>

#include "peers/config.h"
#include "peers/width_trial.h"
#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace peers {
namespace {

constexpr std::size_t kInputs = 49;  // of glyphs, averaged
constexpr std::size_t kClasses = 10;

Config glyphs() {
  Config config;
  config.data.set = "glyphs";
  config.data.limit = 400;
  config.peer.device = "cpu";
  config.peer.threads = 1;
  config.policy.learning_rate = 0.05;
  return config;
}

std::size_t built_parameters(std::size_t depth, std::size_t width) {
  Config config = glyphs();
  config.model.kind = "layers";
  config.model.layers = layers_of({"avgpool 4"}, depth, width, kClasses);
  const auto surroundings = open_surroundings(config, {});
  REQUIRE(surroundings);
  const auto trial = WidthTrial::create(config, *surroundings);
  REQUIRE(trial);
  return (*trial)->parameters();
}

std::size_t distance(std::size_t a, std::size_t b) { return a < b ? b - a : a - b; }

}  // namespace

TEST_CASE("no other width comes nearer to the size asked for") {
  for (const std::size_t depth : {2U, 3U, 5U}) {
    const std::size_t width = width_of(3000, depth, kInputs, kClasses);
    const std::size_t off = distance(built_parameters(depth, width), 3000);
    CHECK(off <= distance(built_parameters(depth, width - 1), 3000));
    CHECK(off <= distance(built_parameters(depth, width + 1), 3000));
  }
  CHECK(width_of(60, 2, kInputs, kClasses) == 0);
  CHECK(width_of(70, 2, kInputs, kClasses) == 1);
}

TEST_CASE("a study finds the batch beyond which samples are wasted, the same each time") {
  const WidthStudyOptions options{.parameters = 2000,
                                  .depths = {2, 4},
                                  .batches = {4, 16, 400},
                                  .before = {"avgpool 4"},
                                  .target = 0.6,
                                  .epochs_max = 25.0,
                                  .seeds = 2};
  const runtime::StopSignal stop;
  std::size_t done = 0;
  const auto study = [&] {
    return width_study(glyphs(), options, stop,
                       [&](std::size_t runs, std::size_t) { done = runs; });
  };
  const auto rows = study();
  REQUIRE(rows);
  CHECK(done == 12);
  REQUIRE(rows->size() == 2);
  for (const WidthRow& row : *rows) {
    CHECK(distance(row.parameters, 2000) < 100);
    CHECK(row.noise_at_start > 1.0);
    REQUIRE(row.epochs.front());
    // One step a pass, which is a hundred times too long: no run gets there.
    CHECK_FALSE(row.epochs.back());
    CHECK(row.batch_max < 400);
    CHECK(row.batch_max >= 4);
  }
  const auto again = study();
  REQUIRE(again);
  CHECK(*again->front().epochs.front() == *rows->front().epochs.front());
  CHECK(again->back().noise_on_way == rows->back().noise_on_way);
}

TEST_CASE("what cannot be studied is refused") {
  const runtime::StopSignal stop;
  const auto refusal = [&](const Config& config, const WidthStudyOptions& options) {
    const auto rows = width_study(config, options, stop, [](std::size_t, std::size_t) {});
    REQUIRE_FALSE(rows);
    return rows.error().message;
  };
  const auto says = [](const std::string& message, const char* what) {
    return message.find(what) != std::string::npos;
  };
  CHECK(says(refusal(glyphs(), {.parameters = 100, .depths = {8}, .batches = {8}}),
             "100 parameters are too few"));
  CHECK(says(refusal(glyphs(), {.batches = {8, 8}}), "--batches are to ascend"));
  CHECK(says(refusal(glyphs(), {.batches = {8}, .before = {"avgpol 4"}}), "avgpool"));
  Config laboratory = glyphs();
  laboratory.objective.kind = "quadratic";
  CHECK(says(refusal(laboratory, {}), "has no network"));
}

}  // namespace peers
