// What a config says of the data reaches the parts.
#include "peers/assembly.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "models/checkpoint.h"
#include "peers/config.h"
#include "peers/simulate.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

peers::Config config_of(const std::string& text) {
  auto config = peers::parse_config("peer.device = \"reference\"\n" + text, "test.toml", {});
  if (!config) FAIL(config.error().message);
  return *config;
}

runtime::Result<peers::Surroundings> surroundings(const std::string& text) {
  return peers::open_surroundings(config_of(text), {.parts = 2, .peers_here = 2});
}

std::string trace_of(const peers::Config& config) {
  std::ostringstream rows;
  auto simulation = peers::Simulation::create(config, &rows);
  if (!simulation) FAIL(simulation.error().message);
  static_cast<void>((*simulation)->run(runtime::StopSignal(), [](std::uint64_t, std::uint64_t) {}));
  return rows.str();
}

// The losses of a short simulated run on digits.
std::string trace(const std::string& data, const std::string& train = "batch = 4") {
  return trace_of(
      config_of("model.kind = \"logistic\"\nsimulate = { peers = 2, rounds = 3, trace = true }\n"
                "train = { " +
                train + " }\ndata = { limit = 40" + data + " }"));
}

// The same of one on a text.
std::string text_trace(const std::filesystem::path& file, const std::string& model) {
  return trace_of(config_of(
      "simulate = { peers = 2, rounds = 3, trace = true }\ntrain.batch = 4\n"
      "model = { kind = \"layers\", layers = [" +
      model + "] }\ndata = { set = \"text\", context = 4, path = \"" + file.string() + "\" }"));
}

// Peer 0 of a run of two on digits, started as model.init says.
runtime::Result<std::unique_ptr<peers::Assembly>> started_from(const peers::Surroundings& parts,
                                                               const std::filesystem::path& file) {
  return peers::Assembly::create(
      config_of("model = { kind = \"logistic\", init = \"" + file.string() + "\" }"), parts,
      {.index = 0,
       .id = runtime::PeerId{0},
       .members = {runtime::PeerId{0}, runtime::PeerId{1}},
       .virtual_time = true},
      runtime::Instant{});
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

TEST_CASE("train.label_smoothing changes a run") {
  CHECK(trace("", "batch = 4, label_smoothing = 0.1") != trace(""));
  CHECK(trace("", "batch = 4, label_smoothing = 0.0") == trace(""));
}

TEST_CASE("a run on a text repeats bit for bit, dropout included, and dropout changes it") {
  const TemporaryFolder folder;
  const auto file = std::filesystem::path(folder.path()) / "a.txt";
  std::ofstream(file) << "to be or not to be, that is the question: whether tis nobler in the mind";
  const std::string plain = "\"embedding 19 8\", \"positions\", \"linear 19\"";
  const std::string dropped = "\"embedding 19 8\", \"positions\", \"dropout 0.5\", \"linear 19\"";
  CHECK(text_trace(file, plain).size() > 100);
  CHECK(text_trace(file, dropped) == text_trace(file, dropped));
  CHECK(text_trace(file, dropped) != text_trace(file, plain));
}

TEST_CASE("a model for images is refused a text, by name") {
  const TemporaryFolder folder;
  const auto file = std::filesystem::path(folder.path()) / "a.txt";
  std::ofstream(file) << std::string(100, 'a') << std::string(100, 'b');
  const std::string text = "data = { set = \"text\", context = 4, path = \"" + file.string() +
                           "\" }\ntrain.batch = 4\nsimulate.peers = 2\n";
  const auto refused = peers::Simulation::create(config_of(text + "model.kind = \"mlp\""), nullptr);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message == "mlp: samples of 2 kinds of tokens need an embedding first");
}

TEST_CASE("model.init starts a run from what a file has, and says what it has not") {
  const TemporaryFolder folder;
  const auto file = std::filesystem::path(folder.path()) / "a.safetensors";
  const std::vector<models::ParameterTensor> tensors{
      {.name = "fc1.bias", .shape = {10}, .offset = 0, .count = 10, .storage = {}},
      {.name = "old.bias", .shape = {1}, .offset = 10, .count = 1, .storage = {}}};
  const std::vector<float> numbers(11, 0.25F);
  REQUIRE(models::write_checkpoint(file, tensors, numbers, {}).ok());
  const auto parts = surroundings("");
  REQUIRE(parts.ok());
  const auto assembly = started_from(*parts, file);
  if (!assembly) FAIL(assembly.error().message);
  const std::string said = "model.init: " + file.string() + ": 1 ";
  CHECK((*assembly)->start_notes() ==
        std::vector<std::string>{said + "tensors used: fc1.bias",
                                 said + "missing, started from the seed: fc1.weight",
                                 said + "not used: old.bias"});
  const auto start = (*assembly)->peer().estimate().as<float>();  // a host backend
  CHECK(std::ranges::count(start, 0.25F) == 10);

  const std::vector<models::ParameterTensor> other{
      {.name = "fc1.bias", .shape = {11}, .offset = 0, .count = 11, .storage = {}}};
  REQUIRE(models::write_checkpoint(file, other, numbers, {}).ok());
  const auto refused = started_from(*parts, file);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message ==
        "model.init: " + file.string() + ": tensor \"fc1.bias\": expected shape [10], found [11]");
}

TEST_CASE("texts of other characters are no one run, though the networks are alike") {
  const TemporaryFolder folder;
  const auto fingerprint_of = [&](const std::string& characters) {
    const auto file = std::filesystem::path(folder.path()) / "a.txt";
    std::string text;
    while (text.size() < 200) text += characters;
    std::ofstream(file) << text;
    const peers::Config config = config_of(
        "train.batch = 2\nmodel = { kind = \"layers\", layers = [\"embedding 2 4\", \"linear 2\"] "
        "}\n"
        "data = { set = \"text\", context = 4, path = \"" +
        file.string() + "\" }");
    const auto parts = peers::open_surroundings(config, {.parts = 1, .peers_here = 1});
    REQUIRE(parts.ok());
    const auto assembly = peers::Assembly::create(
        config, *parts, {.index = 0, .id = runtime::PeerId{0}, .members = {runtime::PeerId{0}}},
        runtime::Instant{});
    if (!assembly) FAIL(assembly.error().message);
    return (*assembly)->fingerprint();
  };
  CHECK(fingerprint_of("ab") == fingerprint_of("abb"));
  CHECK(fingerprint_of("ab") != fingerprint_of("ac"));
}
