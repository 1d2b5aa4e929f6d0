#pragma once
// `murmur eval` and `murmur export`: what checkpoints are worth, and as files for others.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "peers/disagreement.h"
#include "peers/judgement.h"
#include "runtime/result.h"

namespace peers {

struct EvalOptions {
  std::vector<std::filesystem::path> checkpoints;  // at least one; also final estimates
  bool ensemble = false;   // of several: each predicts; otherwise their weighted mean does
  std::size_t draws = 0;   // of an ensemble: as many draws from N(mean, Xi) predict instead
  bool sharpness = false;  // also measure it along what they disagree on
  std::string config;      // empty: the config.toml of the run that the first one lies in
  bool json = false;
};

struct EvalReport {
  std::string of;  // "checkpoint", "average", "ensemble" or "draws"
  Judgement judgement;
  std::optional<Sharpness> sharpness;  // of the loss on the test set
};

// On the test set of the config. Refused: what is damaged, not of the config's model, or of a
// laboratory run, which has nothing to test on.
[[nodiscard]] runtime::Result<EvalReport> evaluate_checkpoints(const EvalOptions& options);

// Both return the exit status.
[[nodiscard]] int eval_command(const EvalOptions& options);
// Writes the parameters alone, by layer name, f32, in PyTorch's shapes and order of elements.
[[nodiscard]] int export_command(const std::filesystem::path& checkpoint,
                                 const std::filesystem::path& to);

}  // namespace peers
