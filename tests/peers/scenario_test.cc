// Faults in virtual time: first no mass may come from nowhere or, where nobody died, go anywhere;
// then, once all is healed, estimates must meet. The files are tests/scenarios/*.toml.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "peers/config.h"
#include "peers/simulate.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

namespace fs = std::filesystem;

peers::Config read(const std::string& name) {
  const fs::path file = fs::path(MURMUR_SOURCE_DIR) / "tests" / "scenarios" / (name + ".toml");
  auto config = peers::read_config(file, {});
  if (!config) FAIL(config.error().message);
  return *config;
}

peers::SimulationReport run(const peers::Config& config) {
  auto simulation = peers::Simulation::create(config, nullptr);
  if (!simulation) FAIL(simulation.error().message);
  return (*simulation)->run(runtime::StopSignal(), [](std::uint64_t, std::uint64_t) {});
}

bool has(const peers::Config& config, std::string_view kind) {
  return std::ranges::any_of(config.simulate.faults,
                             [&](const peers::FaultConfig& fault) { return fault.kind == kind; });
}

// The mean of the starts, which is where all must meet if no mass was lost.
double distance_from_start_mean(const peers::RunSummary& summary, const peers::RunSummary& start) {
  const std::vector<double> expected = peers::mean_estimate(start.peers);
  double worst = 0.0;
  for (const peers::PeerSummary& peer : summary.peers)
    for (std::size_t k = 0; k < peer.estimate.size(); ++k)
      worst = std::max(worst, std::abs(peer.estimate[k] - expected[k]));
  return worst;
}

}  // namespace

TEST_CASE(
    "every scenario keeps its books and converges once it is healed, and repeats bit for bit") {
  const std::string name = GENERATE("calm", "crash", "leave", "join", "freeze", "cut", "storm");
  const std::string protocol = GENERATE("push-sum", "ad-psgd");
  CAPTURE(protocol);
  peers::Config config = read(name);
  config.gossip.protocol = protocol;
  peers::Config unmixed = config;  // stopped before the first push: the starts
  unmixed.simulate.faults.clear();
  unmixed.simulate.rounds.reset();
  unmixed.simulate.seconds = 0.01;
  const peers::RunSummary start = run(unmixed).summary;
  const bool nobody_died = !has(config, "crash");

  for (config.seed = 1; config.seed <= 3; ++config.seed) {
    CAPTURE(name, config.seed);
    const peers::SimulationReport report = run(config);
    const peers::RunSummary& summary = report.summary;
    for (const peers::PeerSummary& peer : summary.peers) CHECK(peer.weight >= 0.0);
    const double total = summary.weight_total + summary.weight_in_flight;
    CHECK(total < 8.0 + 1e-9);
    CHECK(summary.weight_in_flight == 0.0);
    if (nobody_died) {
      CHECK(total == Approx(8.0).epsilon(1e-12));
      // Who joins brings a copy of what it finds.
      if (!has(config, "join"))
        CHECK(distance_from_start_mean(summary, start) < 1e-4);  // f32, after 200 rounds
    }
    CHECK(summary.consensus_distance < 1e-6);  // 5e-7 for the worst of 120 seeds of the storm
    CHECK(start.consensus_distance > 0.1);

    const peers::SimulationReport again = run(config);
    CHECK(again.fingerprint == report.fingerprint);
    CHECK(peers::results_fingerprint(again.summary) == peers::results_fingerprint(summary));
  }
}

TEST_CASE("who was taken for dead comes back, and a run that was cut in two grows together") {
  peers::Config config = read("outage");
  // With the last two a new life was never introduced to a member for whom others answered.
  for (const std::uint64_t seed :
       {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{7672220828949655255},
        std::uint64_t{968336918347766299}}) {
    config.seed = seed;
    CAPTURE(config.seed);
    const peers::RunSummary summary = run(config).summary;
    for (const peers::PeerSummary& peer : summary.peers) {
      CHECK(peer.exit == 0);
      CHECK(peer.steps == 600);
    }
    CHECK(summary.consensus_distance < 1e-8);
    // A life that ended takes its weight along, the next begins with one.
    CHECK(summary.weight_total > 4.0);
    CHECK(summary.weight_total < 12.0);
    CHECK(summary.weight_in_flight == 0.0);
  }
}

TEST_CASE("who is not heard and hears that it is dead comes back when it is heard again") {
  peers::Config config = read("mute");
  for (config.seed = 1; config.seed <= 5; ++config.seed) {
    CAPTURE(config.seed);
    const peers::RunSummary summary = run(config).summary;
    for (const peers::PeerSummary& peer : summary.peers) CHECK(peer.exit == 0);
    CHECK(summary.consensus_distance < 1e-8);
    CHECK(summary.weight_total < 16.0);
    CHECK(summary.weight_in_flight == 0.0);
  }
}

TEST_CASE(
    "who dies and comes back is one of the run again, and all who do so together are the run") {
  const std::string name = GENERATE("restart", "mass-restart", "listed-restart");
  const std::string protocol = GENERATE("push-sum", "ad-psgd");
  peers::Config config = read(name);
  config.gossip.protocol = protocol;
  for (config.seed = 1; config.seed <= 5; ++config.seed) {
    CAPTURE(name, protocol, config.seed);
    const peers::SimulationReport report = run(config);
    const peers::RunSummary& summary = report.summary;
    for (const peers::PeerSummary& peer : summary.peers) {
      CHECK(peer.exit == 0);
      CHECK(peer.steps == 200);
      CHECK(peer.weight >= 0.0);
    }
    CHECK(summary.weight_in_flight == 0.0);
    CHECK(summary.weight_total < 16.0);
    // All began with weight one, and nothing of a former life counts.
    if (name == "mass-restart") CHECK(summary.weight_total == Approx(8.0).epsilon(1e-12));
    CHECK(summary.consensus_distance < 1e-8);

    const peers::SimulationReport again = run(config);
    CHECK(again.fingerprint == report.fingerprint);
    CHECK(peers::results_fingerprint(again.summary) == peers::results_fingerprint(summary));
  }
}

TEST_CASE("nobody goes on pushing to the dead, whatever it has slept through") {
  peers::Config config = read("storm");
  // A peer that had stood still asked others once in twenty seconds; one that died was brought back
  // by a roster.
  for (const std::uint64_t seed :
       {std::uint64_t{6184898026808260818}, std::uint64_t{7559425637965768474}}) {
    config.seed = seed;
    CAPTURE(config.seed);
    CHECK(run(config).summary.consensus_distance < 1e-8);
  }
}

TEST_CASE("who leaves is gone with status 130 and nothing in hand, who crashes with 137") {
  const peers::RunSummary left = run(read("leave")).summary;
  for (const std::size_t i : {1U, 5U}) {
    CHECK(left.peers[i].exit == 130);
    CHECK(left.peers[i].weight == 0.0);
    CHECK(left.peers[i].estimate.empty());
  }
  CHECK(left.peers[0].exit == 0);
  CHECK(run(read("crash")).summary.peers[3].exit == 137);
}

TEST_CASE("the fingerprint of the results follows the seed and every bit of an estimate") {
  peers::Config config = read("storm");
  peers::RunSummary summary = run(config).summary;
  const std::uint64_t before = peers::results_fingerprint(summary);
  config.seed = 2;
  CHECK(peers::results_fingerprint(run(config).summary) != before);
  double& number = summary.peers.at(3).estimate.at(1);
  number = std::nextafter(number, 1e9);
  CHECK(peers::results_fingerprint(summary) != before);
}
