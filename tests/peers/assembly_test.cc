// What a config says of the data reaches the parts.
#include "peers/assembly.h"

#include <sstream>
#include <string>

#include "peers/config.h"
#include "peers/simulate.h"
#include "tests/support/catch.h"

namespace {

peers::Config config_of(const std::string& text) {
  auto config = peers::parse_config("peer.device = \"reference\"\n" + text, "test.toml", {});
  if (!config) FAIL(config.error().message);
  return *config;
}

runtime::Result<peers::Surroundings> surroundings(const std::string& text) {
  return peers::open_surroundings(config_of(text), {.parts = 2, .peers_here = 2});
}

// The losses of a short simulated run on digits.
std::string trace(const std::string& data) {
  const peers::Config config = config_of(
      "model.kind = \"logistic\"\nsimulate = { peers = 2, rounds = 3, trace = true }\n"
      "train.batch = 4\ndata = { limit = 40" +
      data + " }");
  std::ostringstream rows;
  auto simulation = peers::Simulation::create(config, &rows);
  if (!simulation) FAIL(simulation.error().message);
  static_cast<void>((*simulation)->run(runtime::StopSignal(), [](std::uint64_t, std::uint64_t) {}));
  return rows.str();
}

}  // namespace

TEST_CASE("data.limit cuts the training set before it is split, and not the test set") {
  const auto cut = surroundings("data.limit = 41");
  REQUIRE(cut.ok());
  CHECK(cut->data.train->size() == 41);
  CHECK(cut->data.test->size() == 4000);
  CHECK(cut->parts[0].size() + cut->parts[1].size() == 41);
}

TEST_CASE("a limit below the number of peers is refused") {
  const auto refused = surroundings("data.limit = 1\ntrain.batch = 1");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message == "1 samples cannot be divided into 2 parts");
}

TEST_CASE("a batch larger than the whole training set is refused") {
  CHECK(surroundings("train.batch = 20000").ok());
  const auto refused = surroundings("train.batch = 20001");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message == "train.batch: 20001 samples, but the training set has 20000");
}

TEST_CASE("data.augment changes a run, and the same way each time") {
  const std::string augmented = trace(", augment = true");
  CHECK(augmented.size() > 100);
  CHECK(augmented == trace(", augment = true"));
  CHECK(augmented != trace(""));
  CHECK(trace("") == trace(", augment = false"));
}
