#pragma once
// Which of a network's activations and gradients lie in memory as bf16, on a backend that
// takes_rounded(): those that are read as factors of products only. Each is rounded once, where it
// is written, instead of by each of its readers, and takes half the memory; what is computed is the
// same.

#include <vector>

#include "models/planned_node.h"

namespace models {

// Of one node's output. By default all of it as it is.
struct Rounding {
  bool plain = true;      // it is there as it is
  bool rounded = false;   // it is there as bf16
  bool gradient = false;  // its gradient is of bf16
};

[[nodiscard]] std::vector<Rounding> plan_rounding(const std::vector<PlannedNode>& nodes);

}  // namespace models
