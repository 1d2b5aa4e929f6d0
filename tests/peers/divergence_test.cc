// A peer whose parameters are no numbers any more keeps that to itself.
#include <cmath>
#include <fstream>
#include <sstream>

#include "peers/config.h"
#include "peers/simulate.h"
#include "tests/support/temporary_folder.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

TEST_CASE("a peer that diverges gives up, and the others finish with finite estimates") {
  const TemporaryFolder folder;
  // Peer 0 steps so far that its second gradient is beyond f32.
  std::ofstream(folder.path() + "/centers.csv") << "1\n2\n3\n4\n";
  std::ofstream(folder.path() + "/curvature.csv") << "1e30\n1\n1\n1\n";
  const std::string toml =
      "[objective]\nkind = \"quadratic\"\ncenters = \"" + folder.path() +
      "/centers.csv\"\ncurvature = \"" + folder.path() +
      "/curvature.csv\"\n[policy]\noptimizer = \"sgd\"\nlearning_rate = 0.1\n" +
      "[simulate]\npeers = 4\nrounds = 30\n";
  const std::string pace = GENERATE("async", "sync");
  // Without probes nobody would ever find out that it is gone, had it not said so.
  const std::string probes = GENERATE("200", "0");
  const auto config =
      peers::parse_config(toml + "[gossip]\ntopology = \"ring\"\npace = \"" + pace +
                              "\"\n[membership]\nprobe_interval_ms = " + probes + "\n",
                          "test.toml", {});
  if (!config) FAIL(config.error().message);
  auto simulation = peers::Simulation::create(*config, nullptr);
  REQUIRE(simulation.ok());
  const auto report =
      (*simulation)->run(runtime::StopSignal(), [](std::uint64_t, std::uint64_t) {});
  CAPTURE(pace, probes);
  CHECK(report.summary.peers[0].exit == 1);
  for (const auto& peer : report.summary.peers) {
    for (const double z : peer.estimate) CHECK(std::isfinite(z));
  }
}
