#pragma once

#include <filesystem>
#include <optional>

#include "models/checkpoint.h"
#include "runtime/result.h"

namespace peers {

// The parameters in a file that a peer left behind, a checkpoint or a final estimate, or that
// another program wrote.
struct ParameterFile {
  models::Checkpoint checkpoint;  // parameters alone; all metadata
  std::optional<double> weight;   // of who wrote it, where it says so
};

// Refused, by name: a file that is missing, damaged or no safetensors.
[[nodiscard]] runtime::Result<ParameterFile> read_parameters(const std::filesystem::path& path);

}  // namespace peers
