#include "models/activation_plan.h"

#include <algorithm>

namespace models {
namespace {

bool is_node(std::size_t place) { return place < Node::kNetworkInput; }

// What the readers of each output, and its own layer, need of it.
void note_readers(const std::vector<PlannedNode>& nodes, ActivationPlan& plan) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const PlannedNode& node = nodes[i];
    plan.nodes[i].whole = node.reads.out == ReadsOut::kAll || i + 1 == nodes.size();
    plan.nodes[i].signs = node.reads.out == ReadsOut::kSigns;
    for (const std::size_t place : {node.in, node.shortcut}) {
      if (!is_node(place)) continue;
      ActivationPlan::Kept& input = plan.nodes[place];
      input.last_reader = i;
      if (place == node.shortcut && place != node.in) continue;  // no second input is read again
      input.whole = input.whole || node.reads.in == ReadsIn::kAll;
      input.largest = input.largest || node.reads.in == ReadsIn::kForWeights;
      input.winners = input.winners || node.reads.in == ReadsIn::kWinners;
    }
  }
}

// Where the largest of a window is, is found by comparing: both sides as they are, or neither.
void match_windows(const std::vector<PlannedNode>& nodes, ActivationPlan& plan) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].reads.in != ReadsIn::kWinners) continue;
    if (!is_node(nodes[i].in) || plan.nodes[nodes[i].in].whole) plan.nodes[i].whole = true;
  }
}

class Slots {
 public:
  explicit Slots(std::vector<std::size_t>& sizes) : sizes_(sizes) {}

  std::size_t take(std::size_t count) {
    if (free_.empty()) return add(count);
    // The one that has to grow least.
    const auto best = std::ranges::min_element(free_, {}, [&](std::size_t slot) {
      return std::max(sizes_[slot], count) - std::min(sizes_[slot], count);
    });
    const std::size_t slot = *best;
    free_.erase(best);
    sizes_[slot] = std::max(sizes_[slot], count);
    return slot;
  }
  std::size_t add(std::size_t count) {  // one that nobody else gets
    sizes_.push_back(count);
    return sizes_.size() - 1;
  }
  void give_back(std::size_t slot) { free_.push_back(slot); }

 private:
  std::vector<std::size_t>& sizes_;
  std::vector<std::size_t> free_;
};

}  // namespace

ActivationPlan plan_activations(const std::vector<PlannedNode>& nodes, const Saving& saving) {
  ActivationPlan plan;
  plan.nodes.resize(nodes.size());
  if (saving.dropping) {
    note_readers(nodes, plan);
    match_windows(nodes, plan);
  }
  if (saving.rounding) {
    const std::vector<Rounding> rounding = plan_rounding(nodes);
    for (std::size_t i = 0; i < nodes.size(); ++i) plan.nodes[i].rounding = rounding[i];
  }
  Slots slots(plan.slots);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    ActivationPlan::Kept& kept = plan.nodes[i];
    const std::size_t count = nodes[i].out_count;
    if (!kept.rounding.plain) continue;
    kept.slot = kept.whole ? slots.add(count) : slots.take(count);
    for (const std::size_t place : {nodes[i].in, nodes[i].shortcut}) {
      if (!is_node(place)) continue;
      const ActivationPlan::Kept& input = plan.nodes[place];
      if (!input.whole && input.last_reader == i) slots.give_back(input.slot);
    }
  }
  return plan;
}

}  // namespace models
