#pragma once
// What a run of many peers came to: summary.json, and the lines a person reads at the end.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "peers/objective.h"
#include "runtime/result.h"

namespace peers {

struct PeerSummary {
  std::string name;
  std::int64_t pid = 0;
  std::string device;
  std::string precision = {};  // of layers' products; empty: it never started
  int exit = 0;
  std::uint64_t steps = 0;
  std::uint64_t samples = 0;
  std::optional<Quality> quality = {};  // of its own final estimate
  double weight = 0.0;
  double weight_in_flight = 0.0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t parcels_sent = 0;
  std::uint64_t parcels_received = 0;
  double samples_per_second = 0.0;
  std::uint64_t batch = 0;            // samples of its last step
  double noise_local = 0.0;           // gradient noise scale (NoiseScale), of its samples ...
  double noise_global = 0.0;          // ... and of all peers'; 0: not known
  std::vector<double> estimate = {};  // final; empty where the peer left none behind
};

struct RunSummary {
  std::string run;
  double wall_seconds = 0.0;
  std::vector<PeerSummary> peers;
  std::optional<Quality> average = {};
  double consensus_distance = 0.0;
  double weight_total = 0.0;
  double weight_in_flight = 0.0;
};

// Sum of w z over sum of w, of the peers that left an estimate: the mean that all mass together
// says. Empty: none did.
[[nodiscard]] std::vector<double> mean_estimate(std::span<const PeerSummary> peers);

// Mean over those peers of the squared L2 distance of the estimate to the (unweighted) mean
// estimate.
[[nodiscard]] double consensus_distance(std::span<const PeerSummary> peers);

// Fills in the totals, in the order of the peers.
[[nodiscard]] RunSummary add_up(std::string run, double wall_seconds,
                                std::vector<PeerSummary> peers);

// Of everything that a seed must fix: steps, weights and the bits of all final estimates. Two runs
// of one seed agree, or something leaked in.
[[nodiscard]] std::uint64_t results_fingerprint(const RunSummary& summary);

runtime::Status write_summary(const RunSummary& summary, const std::filesystem::path& file);
[[nodiscard]] std::string to_json_text(const RunSummary& summary);
[[nodiscard]] std::string to_text(const RunSummary& summary);  // for a person

}  // namespace peers
