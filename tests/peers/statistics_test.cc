// Running statistics are gossiped with the parameters, and are what all data say at every peer,
// whatever weights the peers hold; or each peer reads its own, which are what its part says.
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "models/datasets/dataset.h"
#include "peers/assembly.h"
#include "peers/config.h"
#include "peers/simulate.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

Moments moments_of(const models::Dataset& set, std::span<const std::uint32_t> samples) {
  double sum = 0.0;
  double squares = 0.0;
  std::vector<float> pixels(set.shape().count());
  for (const std::uint32_t sample : samples) {
    set.read(sample, pixels);
    for (const float pixel : pixels) {
      sum += static_cast<double>(pixel);
      squares += static_cast<double>(pixel) * static_cast<double>(pixel);
    }
  }
  const auto count = static_cast<double>(samples.size() * pixels.size());
  return {sum / count, squares / count - sum / count * sum / count};
}

std::vector<peers::PeerSummary> train(const peers::Config& config) {
  auto simulation = peers::Simulation::create(config, nullptr);
  REQUIRE(simulation.ok());
  auto report = (*simulation)->run(runtime::StopSignal(), [](std::uint64_t, std::uint64_t) {});
  for (const auto& peer : report.summary.peers) REQUIRE(peer.exit == 0);
  return std::move(report.summary.peers);
}

void check_statistics(const peers::PeerSummary& peer, const Moments& expected) {
  const std::size_t count = peer.estimate.size();
  CHECK(peer.estimate[count - 2] == Approx(expected.mean).margin(0.02));
  CHECK(peer.estimate[count - 1] == Approx(expected.variance).epsilon(0.05));
}

}  // namespace

TEST_CASE("running statistics are the data's at every peer, however unequal the weights") {
  const std::string toml =
      "seed = 3\n[model]\nkind = \"layers\"\nlayers = [\"batchnorm\", \"dense 10\"]\n"
      "[policy]\nlearning_rate = 0.01\n[gossip]\ntopology = \"random-k\"\nfanout = 2\n"
      "[simulate]\npeers = 5\nrounds = 120\n";
  const std::string choice =
      GENERATE("gossip.pace=sync", "gossip.pace=async", "policy.rate_correction=false");
  CAPTURE(choice);
  const auto config = peers::parse_config(toml, "test.toml", std::vector<std::string>{choice});
  if (!config) FAIL(config.error().message);
  const auto data =
      models::open_data({.set = "glyphs", .path = {}, .seed = config->seed, .limit = 0});
  REQUIRE(data.ok());
  std::vector<std::uint32_t> all(data->train->size());
  std::iota(all.begin(), all.end(), 0U);
  const Moments expected = moments_of(*data->train, all);
  double lightest = 1.0;
  for (const auto& peer : train(*config)) {
    lightest = std::min(lightest, peer.weight);
    check_statistics(peer, expected);
  }
  CHECK(lightest < 0.9);
}

TEST_CASE("statistics that are not mixed are those of each peer's own part, and weights mix") {
  const std::string toml =
      "seed = 3\n[model]\nkind = \"layers\"\nlayers = [\"batchnorm\", \"dense 10\"]\n"
      "[data]\npartition = \"clusters\"\n[policy]\nlearning_rate = 0.01\n"
      "[gossip]\ntopology = \"complete\"\nmix_statistics = false\n"
      "[simulate]\npeers = 4\nrounds = 120\n";
  const std::string choice =
      GENERATE("gossip.pace=sync", "gossip.pace=async", "policy.rate_correction=false");
  CAPTURE(choice);
  const auto config = peers::parse_config(toml, "test.toml", std::vector<std::string>{choice});
  if (!config) FAIL(config.error().message);
  const auto surroundings = peers::open_surroundings(*config, {.parts = 4, .peers_here = 1});
  REQUIRE(surroundings.ok());
  const auto& set = *surroundings->data.train;
  const std::vector<peers::PeerSummary> trained = train(*config);
  const std::size_t statistics = 2;
  for (std::size_t i = 0; i < trained.size(); ++i) {
    check_statistics(trained[i], moments_of(set, surroundings->parts[i]));
    const auto& first = trained[0].estimate;
    for (std::size_t k = 0; k + statistics < first.size(); ++k)
      REQUIRE(trained[i].estimate[k] == Approx(first[k]).margin(1e-3));
  }
  const double apart = trained[0].estimate.back() - trained[3].estimate.back();
  CHECK(std::abs(apart) > 0.1 * trained[0].estimate.back());
}
