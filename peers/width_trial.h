#pragma once

#include <memory>
#include <optional>

#include "peers/assembly.h"
#include "peers/policies/split_gradient.h"
#include "runtime/stop_signal.h"

namespace peers {

struct WidthGoal {
  double rate = 0.0;    // of a step
  double target = 0.0;  // accuracy on the test set
  double epochs_max = 0.0;
};
struct WidthWay {
  std::optional<double>
      epochs;       // to the target; none: given up, or the loss was no number any more
  NoiseSums noise;  // of a probe, at each check of the accuracy
};

// One network of a width study: its start, the batches that it sees, and plain steps.
class WidthTrial {
 public:
  // `surroundings` outlives it.
  [[nodiscard]] static runtime::Result<std::unique_ptr<WidthTrial>> create(
      const Config& config, const Surroundings& surroundings);
  WidthTrial(std::unique_ptr<Assembly> assembly, kernels::Backend& backend);

  [[nodiscard]] std::size_t parameters() { return objective().parameter_count(); }
  [[nodiscard]] kernels::ConstView estimate() const { return estimate_.view(); }

  // Until the target, between the last two checks in proportion. `probe`: a trial whose batches
  // tell the noise; null: nobody's.
  [[nodiscard]] WidthWay train(const WidthGoal& goal, WidthTrial* probe,
                               const runtime::StopSignal& stop);
  // Of so many of its batches, at somebody's estimate.
  [[nodiscard]] NoiseSums noise_at(kernels::ConstView estimate, std::size_t batches);

 private:
  Objective& objective() { return assembly_->objective(); }
  VectorSpace space() { return {backend_, parameters(), kernels::Scalar::kF32}; }
  [[nodiscard]] double accuracy() { return objective().evaluate(estimate())->accuracy; }
  bool step(double rate);

  std::unique_ptr<Assembly> assembly_;
  kernels::Backend* backend_;
  kernels::Buffer estimate_;
  kernels::Buffer gradient_;
  SplitGradient split_;
};

}  // namespace peers
