// Running statistics are gossiped with the parameters, and are what the data say at every peer,
// whatever weights the peers hold.
#include <cmath>
#include <string>
#include <vector>

#include "models/datasets/dataset.h"
#include "peers/config.h"
#include "peers/simulate.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

Moments moments_of(const models::Dataset& set) {
  double sum = 0.0;
  double squares = 0.0;
  std::vector<float> pixels(set.shape().count());
  for (std::size_t i = 0; i < set.size(); ++i) {
    set.read(i, pixels);
    for (const float pixel : pixels) {
      sum += static_cast<double>(pixel);
      squares += static_cast<double>(pixel) * static_cast<double>(pixel);
    }
  }
  const auto count = static_cast<double>(set.size() * pixels.size());
  return {sum / count, squares / count - sum / count * sum / count};
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
  const Moments expected = moments_of(*data->train);
  auto simulation = peers::Simulation::create(*config, nullptr);
  REQUIRE(simulation.ok());
  const auto report =
      (*simulation)->run(runtime::StopSignal(), [](std::uint64_t, std::uint64_t) {});
  double lightest = 1.0;
  for (const auto& peer : report.summary.peers) {
    REQUIRE(peer.exit == 0);
    lightest = std::min(lightest, peer.weight);
    const std::size_t count = peer.estimate.size();
    CHECK(peer.estimate[count - 2] == Approx(expected.mean).margin(0.02));
    CHECK(peer.estimate[count - 1] == Approx(expected.variance).epsilon(0.05));
  }
  CHECK(lightest < 0.9);
}
