#pragma once
// Final estimates: what a peer leaves behind, and what the launcher reads of it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "kernels/backend.h"
#include "models/network.h"
#include "peers/summary.h"
#include "runtime/result.h"

namespace peers {

// What a checkpoint says beside the parameters.
struct EstimateNote {
  std::string run;
  std::string peer;
  std::uint64_t step = 0;
  double weight = 0.0;
};

// Writes `estimate` (host) as safetensors, by layer name, atomically. In the laboratory, without a
// network: one tensor named "z".
runtime::Status write_estimate(const std::filesystem::path& file, const models::Network* network,
                               std::span<const float> estimate, const EstimateNote& note);

// The numbers of such a file, in the order of our flat buffer.
[[nodiscard]] runtime::Result<std::vector<double>> read_estimate(const std::filesystem::path& file,
                                                                 const models::Network* network,
                                                                 std::size_t parameter_count);

// Quality of the weighted mean of all final estimates. Empty: nothing to test on, or no estimates.
[[nodiscard]] std::optional<Quality> evaluate_average(const RunSummary& summary,
                                                      Objective& objective,
                                                      kernels::Backend& backend);

}  // namespace peers
