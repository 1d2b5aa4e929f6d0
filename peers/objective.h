#pragma once
// What a peer trains on: a network with data, or a synthetic problem for the laboratory. Product,
// simulator and tests run the same Peer on it.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernels/view.h"

namespace peers {

// Quality of an estimate on data that nobody trains on.
struct Quality {
  double loss = 0.0;
  double accuracy = 0.0;  // in [0, 1]
};

// One thread at a time. Views of estimates and gradients are the device's memory.
class Objective {
 public:
  Objective() = default;
  virtual ~Objective() = default;
  Objective(const Objective&) = delete;
  Objective& operator=(const Objective&) = delete;

  [[nodiscard]] virtual std::size_t parameter_count() const = 0;
  [[nodiscard]] virtual kernels::Scalar scalar() const = 0;
  [[nodiscard]] virtual std::size_t batch_samples() const = 0;

  virtual void write_start(
      kernels::View host) const = 0;  // the estimate that this peer starts from

  // Moves on to the next batch; until then every gradient_at() is of one and the same batch (SAM
  // asks twice).
  virtual void next_batch() = 0;

  // Mean loss of the current batch at `estimate`, and its gradient, which overwrites `gradient`.
  virtual double gradient_at(kernels::ConstView estimate, kernels::View gradient) = 0;

  // The last so many parameters are running statistics, such as those of batch normalisation: they
  // are gossiped like all else, but no gradient and no optimizer moves them.
  [[nodiscard]] virtual std::size_t statistic_count() const { return 0; }
  // Writes how far the batch of the last gradient_at() moves them, in the estimate, over what
  // `delta` holds for them; the rest stays.
  virtual void move_statistics(kernels::ConstView /*estimate*/, kernels::View /*delta*/) {}

  // Empty where there is nothing to test on.
  [[nodiscard]] virtual std::optional<Quality> evaluate(kernels::ConstView estimate) = 0;
};

}  // namespace peers
