#pragma once
// The outputs of a network's nodes, from the forward pass that writes them to the backward pass
// that reads them. While activations are dropped, most are not there as they were: only as much is
// kept as layers say that their backward passes read.

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "models/activation_plan.h"
#include "models/packed.h"

namespace models {

// One thread at a time, the backend's.
class Activations {
 public:
  // `dropped`: of what is kept for weight gradients only, the share in [0, 1) that is not kept at
  // all. 0: everything is kept, as it is or, where `rounds`, as models/rounding_plan.h says, in the
  // backend's memory.
  Activations(std::vector<PlannedNode> nodes, double dropped, bool rounds);

  // Memory for batches of so many.
  void allocate(kernels::Backend& backend, kernels::Scalar scalar, std::size_t batch);
  [[nodiscard]] std::size_t bytes() const;
  // What allocate() will make that.
  [[nodiscard]] std::size_t planned_bytes(kernels::Scalar scalar, std::size_t batch) const;

  // Forward: where the node writes its output, and where those after it read it. Empty where it is
  // there as bf16 only.
  [[nodiscard]] kernels::View output(std::size_t node, std::size_t batch);
  // The same as bf16. Empty where it is not there so.
  [[nodiscard]] kernels::View rounded(std::size_t node, std::size_t batch);
  [[nodiscard]] bool has_rounded_gradient(std::size_t node) const;

  // Forward, in training: node `reader` has run. What of its inputs nobody after it reads is kept
  // as planned. `winners`: 1 where the windows of the reader's input have their largest, else not
  // above 0; asked for where wants_winners().
  void keep_inputs(std::size_t reader, std::size_t batch);
  [[nodiscard]] bool wants_winners(std::size_t reader) const;
  void keep_winners(std::size_t reader, kernels::ConstView winners);

  // Backward: what node `reader` may see of its first input, and of its own output:
  // as much as it says that it reads, and anything where it reads nothing. Valid until the next
  // call for another node.
  [[nodiscard]] kernels::ConstView input_again(std::size_t reader, std::size_t batch);
  [[nodiscard]] kernels::ConstView output_again(kernels::Backend& backend, std::size_t node,
                                                std::size_t batch);

 private:
  struct Packed {
    PositiveMask signs;
    PositiveMask winners;
    LargestNumbers largest;
    [[nodiscard]] std::size_t bytes() const {
      return signs.bytes() + winners.bytes() + largest.bytes();
    }
  };
  [[nodiscard]] Packed packed_room(std::size_t node, kernels::Scalar scalar,
                                   std::size_t batch) const;
  [[nodiscard]] std::size_t rounded_count(std::size_t node) const;  // of one sample

  std::vector<PlannedNode> nodes_;
  double dropped_;
  ActivationPlan plan_;
  std::vector<kernels::Buffer> slots_;
  std::vector<kernels::Buffer> rounded_;  // of each node, or none
  std::vector<Packed> packed_;
};

}  // namespace models
