#pragma once
// How each node's output is kept between the forward pass and the backward pass, and in which
// memory it lives while it is worked on.

#include <cstddef>
#include <vector>

#include "models/planned_node.h"
#include "models/rounding_plan.h"

namespace models {

struct ActivationPlan {
  // The output of one node. Not `whole`: its memory serves the next nodes once its last reader has
  // passed forward, and what is kept in less comes back into it when the backward pass gets there.
  struct Kept {
    bool whole = true;
    bool signs = false;    // PositiveMask, for the node's own activation
    bool largest = false;  // LargestNumbers, for readers' weight gradients
    bool winners = false;  // PositiveMask of where readers' windows have their largest
    std::size_t last_reader = Node::kNone;
    std::size_t slot = 0;  // of none where it is there as bf16 only
    Rounding rounding;
  };
  std::vector<Kept> nodes;
  std::vector<std::size_t> slots;  // numbers that each must hold, of one sample
};

// What makes activations smaller. Neither: everything is kept as it is. Not both.
struct Saving {
  bool dropping = false;
  bool rounding = false;
};
[[nodiscard]] ActivationPlan plan_activations(const std::vector<PlannedNode>& nodes,
                                              const Saving& saving);

}  // namespace models
