#pragma once
// Many peers in virtual time, in one process: the very Peer of the product, over a simulated
// network with faults. Reproducible: the same config and seed give the same bits and the same
// fingerprint.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "peers/assembly.h"
#include "peers/config.h"
#include "peers/summary.h"
#include "runtime/result.h"
#include "runtime/sim_network.h"
#include "runtime/stop_signal.h"

namespace peers {

struct SimulationReport {
  RunSummary summary;
  double virtual_seconds = 0.0;
  std::uint64_t events = 0;
  std::uint64_t fingerprint = 0;  // of everything that happened on the network
  bool stopped = false;           // interrupted before the end
  std::uint64_t peer_rounds = 0;  // pushes, of all peers together
  double wall_seconds = 0.0;      // that the run took, and what the process held at most for each
  double bytes_per_peer = 0.0;    // of its peers
  std::string graph = {};         // describe_graph(); simulate() fills in this and the two above
};

class Simulation {
 public:
  // `trace`: where a row goes for every peer and round, or null. Outlives the simulation.
  [[nodiscard]] static runtime::Result<std::unique_ptr<Simulation>> create(const Config& config,
                                                                           std::ostream* trace);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Runs until every living peer has finished or the configured time is over. `progress` is called
  // now and then with the steps taken by the slowest living peer and how many there are to take.
  [[nodiscard]] SimulationReport run(
      const runtime::StopSignal& stop,
      const std::function<void(std::uint64_t, std::uint64_t)>& progress);

  [[nodiscard]] Assembly& assembly(std::size_t index);  // for tests and for writing checkpoints

 private:
  struct State;
  explicit Simulation(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// `murmur simulate`: runs the config, writes DIR/summary.json, DIR/trace.csv where asked for, and
// the final estimates.
[[nodiscard]] runtime::Result<SimulationReport> simulate(const Config& config,
                                                         const std::filesystem::path& folder,
                                                         const runtime::StopSignal& stop);

}  // namespace peers
