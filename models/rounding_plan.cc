#include "models/rounding_plan.h"

namespace models {
namespace {

// Who reads a node's output.
struct Readers {
  std::size_t count = 0;
  std::size_t as_factor = 0;
  std::size_t last = Node::kNone;
};

std::vector<Readers> readers_of(const std::vector<PlannedNode>& nodes) {
  std::vector<Readers> readers(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::size_t place : {nodes[i].in, nodes[i].shortcut}) {
      if (place >= Node::kNetworkInput) continue;
      ++readers[place].count;
      readers[place].last = i;
    }
    if (nodes[i].in < Node::kNetworkInput && nodes[i].roundable.in)
      ++readers[nodes[i].in].as_factor;
  }
  return readers;
}

}  // namespace

std::vector<Rounding> plan_rounding(const std::vector<PlannedNode>& nodes) {
  const std::vector<Readers> readers = readers_of(nodes);
  std::vector<Rounding> plan(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Roundable can = nodes[i].roundable;
    const auto& [count, as_factor, last] = readers[i];
    plan[i].rounded = can.results && as_factor > 0;
    plan[i].plain = !plan[i].rounded || as_factor < count;
    // Of more than one reader the gradient is a sum.
    plan[i].gradient =
        can.d_out && count == 1 && nodes[last].in == i && nodes[last].roundable.results;
  }
  return plan;
}

}  // namespace models
