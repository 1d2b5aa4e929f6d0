#pragma once
// What a peer trains on: a network with data, or a synthetic problem for the laboratory. Product,
// simulator and tests run the same Peer on it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernels/view.h"
#include "models/parameter_tensor.h"
#include "peers/policies/gradient_source.h"
#include "peers/policies/state_visitor.h"
#include "peers/quality.h"
#include "runtime/check.h"

namespace peers {

// One thread at a time. Views of estimates and gradients are the device's memory.
class Objective : public GradientSource {
 public:
  [[nodiscard]] virtual std::size_t parameter_count() const = 0;
  // What the parameters are made of, if of anything: side by side, learned ones first. Lives as
  // long as the objective.
  [[nodiscard]] virtual std::span<const models::ParameterTensor> tensors() const { return {}; }
  [[nodiscard]] virtual kernels::Scalar scalar() const = 0;
  [[nodiscard]] virtual std::size_t batch_samples() const = 0;

  virtual void write_start(
      kernels::View host) const = 0;  // the estimate that this peer starts from
  virtual void drop_start() {}        // nobody will ask for that any more

  // Moves on to the next batch; until then every gradient_at() is of one and the same batch, with
  // the same augmentation (SAM asks twice).
  virtual void next_batch() = 0;

  // How far its batches and draws have come: the next batch after it was put back is the one that
  // would have been the next when it was written down.
  virtual void visit_state(StateVisitor& /*visitor*/) {}

  // The last so many parameters are running statistics, such as those of batch normalisation: they
  // are gossiped like all else, but no gradient and no optimizer moves them.
  [[nodiscard]] virtual std::size_t statistic_count() const { return 0; }
  // Writes how far the batch of the last gradient_at() moves them, in the estimate, over what
  // `delta` holds for them; the rest stays.
  virtual void move_statistics(kernels::ConstView /*estimate*/, kernels::View /*delta*/) {}

  // The mean gradient of samples [first, first + count) of the current batch, which overwrites
  // `gradient`. Only where batches can be parted.
  struct Part {
    std::size_t first = 0;
    std::size_t count = 0;
  };
  [[nodiscard]] virtual bool parts_batches() const { return false; }
  virtual void gradient_of_part(const Part& /*part*/, kernels::ConstView /*estimate*/,
                                kernels::View /*gradient*/) {
    CHECK(false);
  }
  // From the next batch on, so many samples; at most what it was made for. The samples go on in
  // their order.
  virtual void set_batch_samples(std::size_t /*samples*/) { CHECK(false); }

  // Which of several tasks, one after another, the current batch is of, and the next one will be.
  [[nodiscard]] virtual std::size_t task() const { return 0; }
  [[nodiscard]] virtual std::size_t next_task() const { return 0; }
  // evaluate() is of the current task; from now on of the last, for who judges a run that is over.
  virtual void judge_last_task() {}

  // What activations hold between the passes, with their gradients; 0 where there are none.
  [[nodiscard]] virtual std::size_t activation_bytes() const { return 0; }

  // Empty where there is nothing to test on.
  [[nodiscard]] virtual std::optional<Quality> evaluate(kernels::ConstView estimate) = 0;
};

}  // namespace peers
