#include "peers/simulate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <system_error>

#include "peers/estimate_file.h"
#include "peers/run_folder.h"
#include "peers/topologies.h"
#include "runtime/clock.h"
#include "runtime/peak_memory.h"

namespace peers {
namespace {

constexpr runtime::Duration kProgressEvery{2'000'000'000};

// Says how far a long simulation has come, a line every few seconds.
class ProgressLines {
 public:
  void operator()(std::uint64_t step, std::uint64_t steps) {
    if (clock_.now() - said_at_ < kProgressEvery) return;
    said_at_ = clock_.now();
    fmt::print(stderr, "simulate: {:.0f} s, the slowest peer is at step {} of {}\n",
               runtime::to_seconds(said_at_ - began_), step, steps);
  }

 private:
  runtime::WallClock clock_;
  runtime::Instant began_ = clock_.now();
  runtime::Instant said_at_ = began_;
};

// Estimates are files of f32, as a launch leaves them; an f64 laboratory has its digits in
// trace.csv.
runtime::Status write_estimates(const Config& config, const RunSummary& summary,
                                const models::Network* network,
                                const std::filesystem::path& folder) {
  for (const PeerSummary& peer : summary.peers) {
    if (peer.estimate.empty()) continue;
    Config mine = config;
    mine.peer.name = peer.name;
    if (auto made = make_peer_folder(folder / peer.name); !made) return made;
    if (auto prepared = prepare_peer_folder(folder / peer.name, mine); !prepared)
      return prepared.error();
    const std::vector<float> numbers(peer.estimate.begin(), peer.estimate.end());
    const runtime::Status written = write_estimate(
        final_estimate_file(folder / peer.name), network, numbers,
        {.run = config.run, .peer = peer.name, .step = peer.steps, .weight = peer.weight});
    if (!written) return written;
  }
  return {};
}

}  // namespace

runtime::Result<SimulationReport> simulate(const Config& config,
                                           const std::filesystem::path& folder,
                                           const runtime::StopSignal& stop) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure)
    return runtime::Error{
        fmt::format("{}: cannot be made: {}", folder.string(), failure.message())};
  std::ofstream trace;
  if (config.simulate.trace) trace.open(folder / "trace.csv");
  auto simulation = Simulation::create(config, config.simulate.trace ? &trace : nullptr);
  if (!simulation) return simulation.error();
  auto graph = describe_graph(config, config.simulate.peers);
  if (!graph) return graph.error();
  const runtime::WallClock clock;
  const runtime::Instant began = clock.now();
  for (const std::string& note : (*simulation)->assembly(0).start_notes())
    fmt::print(stderr, "simulate: {}\n", note);
  SimulationReport report = (*simulation)->run(stop, ProgressLines());
  report.wall_seconds = runtime::to_seconds(clock.now() - began);
  report.bytes_per_peer = static_cast<double>(runtime::peak_memory_bytes()) /
                          static_cast<double>(config.simulate.peers);
  report.graph = *graph;
  trace.close();
  if (config.simulate.trace && !trace) {
    return runtime::Error{fmt::format("{}: cannot be written", (folder / "trace.csv").string())};
  }
  if (report.stopped) return report;
  const models::Network* network = (*simulation)->assembly(0).network();
  if (auto written = write_estimates(config, report.summary, network, folder); !written)
    return written.error();
  if (auto written = write_summary(report.summary, folder / "summary.json"); !written)
    return written.error();
  return report;
}

}  // namespace peers
