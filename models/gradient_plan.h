#pragma once
// In which memory the backward pass keeps the gradients of a network's activations. A gradient
// lives from the first of its readers that goes backward to its own node's turn; memory serves
// again as soon as that is over, so a chain of layers needs two pieces, whatever its length.

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "models/layers/build.h"

namespace models {

// Where a node puts the gradient of one of its inputs.
struct GradientFlow {
  static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

  std::size_t slot = kNowhere;   // nowhere: nobody asks, the input is the network's
  std::size_t added = kNowhere;  // another reader was here before: what is in `slot` is to be added
                                 // to this one
};

struct GradientPlan {
  struct Step {
    std::size_t d_out = 0;                            // slot
    std::size_t d_out_more = GradientFlow::kNowhere;  // another, for a layer that adds_gradients()
    GradientFlow in;
    GradientFlow shortcut;
  };
  std::vector<Step> steps;         // of each node
  std::vector<std::size_t> slots;  // numbers that each must hold, of one sample
};

// `rounds`: gradients of roundable() results may be of another type than those they are worked out
// from, and do not take their memory.
[[nodiscard]] GradientPlan plan_gradients(std::span<const Node> nodes, bool rounds);

}  // namespace models
