#include "peers/summary.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "peers/batch_advice.h"
#include "peers/json_number.h"
#include "peers/version.h"
#include "runtime/random.h"

namespace peers {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const PeerSummary& peer) {
  return {{"name", peer.name},
          {"pid", peer.pid},
          {"device", peer.device},
          {"precision", peer.precision},
          {"exit", peer.exit},
          {"steps", peer.steps},
          {"samples", peer.samples},
          {"test_accuracy", peer.quality ? json_number(peer.quality->accuracy) : Json()},
          {"test_loss", peer.quality ? json_number(peer.quality->loss) : Json()},
          {"weight", json_number(peer.weight)},
          {"bytes_sent", peer.bytes_sent},
          {"bytes_received", peer.bytes_received},
          {"parcels_sent", peer.parcels_sent},
          {"parcels_received", peer.parcels_received},
          {"samples_per_second", json_number(peer.samples_per_second)},
          {"batch", peer.batch},
          {"noise_scale_local", known_number(peer.noise_local)},
          {"noise_scale_global", known_number(peer.noise_global)}};
}

std::string percent(const std::optional<Quality>& quality) {
  return quality ? fmt::format("{:6.2f} %", 100.0 * quality->accuracy) : std::string("      -");
}

// Means over the peers that know.
BatchFigures figures_of(const RunSummary& summary) {
  BatchFigures figures;
  double local = 0.0;
  double global = 0.0;
  for (const PeerSummary& peer : summary.peers) {
    figures.batch += static_cast<double>(peer.batch);
    figures.local += peer.noise_local;
    figures.global += peer.noise_global;
    local += peer.noise_local > 0.0 ? 1.0 : 0.0;
    global += peer.noise_global > 0.0 ? 1.0 : 0.0;
  }
  if (local > 0.0) figures.local /= local;
  if (global > 0.0) figures.global /= global;
  return figures;
}

}  // namespace

std::vector<double> mean_estimate(std::span<const PeerSummary> peers) {
  std::vector<double> mean;
  double weight_total = 0.0;
  for (const PeerSummary& peer : peers) {
    if (peer.estimate.empty()) continue;
    mean.resize(peer.estimate.size(), 0.0);
    for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += peer.weight * peer.estimate[k];
    weight_total += peer.weight;
  }
  for (double& value : mean) value /= weight_total;
  return mean;
}

double consensus_distance(std::span<const PeerSummary> peers) {
  std::vector<double> mean;
  double count = 0.0;
  for (const PeerSummary& peer : peers) {
    if (peer.estimate.empty()) continue;
    mean.resize(peer.estimate.size(), 0.0);
    for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += peer.estimate[k];
    count += 1.0;
  }
  double distance = 0.0;
  for (const PeerSummary& peer : peers) {
    for (std::size_t k = 0; k < peer.estimate.size(); ++k) {
      const double away = peer.estimate[k] - mean[k] / count;
      distance += away * away;
    }
  }
  return count > 0.0 ? distance / count : 0.0;
}

RunSummary add_up(std::string run, double wall_seconds, std::vector<PeerSummary> peers) {
  RunSummary summary{.run = std::move(run),
                     .wall_seconds = wall_seconds,
                     .peers = std::move(peers),
                     .average = {}};
  for (const PeerSummary& peer : summary.peers) {
    summary.weight_total += peer.weight;
    summary.weight_in_flight += peer.weight_in_flight;
  }
  summary.consensus_distance = consensus_distance(summary.peers);
  return summary;
}

std::uint64_t results_fingerprint(const RunSummary& summary) {
  std::uint64_t folded = summary.peers.size();
  const auto fold = [&folded](std::uint64_t bits) {
    folded = runtime::mix_bits(folded ^ bits) + bits;
  };
  const auto fold_number = [&fold](double number) { fold(std::bit_cast<std::uint64_t>(number)); };
  for (const PeerSummary& peer : summary.peers) {
    fold(peer.steps);
    fold(peer.estimate.size());
    fold_number(peer.weight);
    fold_number(peer.weight_in_flight);
    for (const double number : peer.estimate) fold_number(number);
  }
  fold_number(summary.weight_total);
  fold_number(summary.weight_in_flight);
  return folded;
}

std::string to_json_text(const RunSummary& summary) {
  Json peers = Json::array();
  for (const PeerSummary& peer : summary.peers) peers.push_back(to_json(peer));
  const Json json{
      {"run", summary.run},
      {"version", kVersion},
      {"wall_seconds", json_number(summary.wall_seconds)},
      {"peers", peers},
      {"average",
       {{"test_accuracy", summary.average ? json_number(summary.average->accuracy) : Json()},
        {"test_loss", summary.average ? json_number(summary.average->loss) : Json()}}},
      {"consensus_distance", json_number(summary.consensus_distance)},
      {"weight_total", json_number(summary.weight_total)},
      {"weight_in_flight", json_number(summary.weight_in_flight)}};
  return json.dump(2) + "\n";
}

runtime::Status write_summary(const RunSummary& summary, const std::filesystem::path& file) {
  std::ofstream out(file);
  out << to_json_text(summary);
  out.close();
  if (!out) return runtime::Error{fmt::format("{}: cannot be written", file.string())};
  return {};
}

std::string to_text(const RunSummary& summary) {
  std::string text =
      fmt::format("{:<8} {:>4} {:>9} {:>10} {:>10} {:>9} {:>10} {:>11}\n", "peer", "exit", "steps",
                  "accuracy", "loss", "weight", "MB sent", "samples/s");
  for (const PeerSummary& peer : summary.peers) {
    text += fmt::format("{:<8} {:>4} {:>9} {:>10} {:>10} {:>9.4f} {:>10.1f} {:>11.0f}\n", peer.name,
                        peer.exit, peer.steps, percent(peer.quality),
                        peer.quality ? fmt::format("{:.4f}", peer.quality->loss) : "-", peer.weight,
                        static_cast<double>(peer.bytes_sent) * 1e-6, peer.samples_per_second);
  }
  text += fmt::format("average of all estimates: {}, loss {}\n", percent(summary.average),
                      summary.average ? fmt::format("{:.4f}", summary.average->loss) : "-");
  if (summary.average)
    if (const std::string warning = guess_warning(*summary.average); !warning.empty())
      text += warning + "\n";
  text +=
      fmt::format("consensus distance {:.3g}; weight {:.9f} held + {:.9f} in flight; {:.1f} s\n",
                  summary.consensus_distance, summary.weight_total, summary.weight_in_flight,
                  summary.wall_seconds);
  const std::string advice = batch_advice(figures_of(summary));
  return advice.empty() ? text : text + advice + "\n";
}

}  // namespace peers
