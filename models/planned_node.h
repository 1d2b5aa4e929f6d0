#pragma once

#include <cstddef>

#include "models/layers/build.h"

namespace models {

// What plans of memory read of a node.
struct PlannedNode {
  std::size_t in = Node::kNetworkInput;
  std::size_t shortcut = Node::kNone;
  BackwardReads reads;
  Roundable roundable;
  std::size_t out_count = 0;  // of one sample
};

}  // namespace models
