#include "models/gradient_plan.h"

#include <algorithm>

#include "runtime/check.h"

namespace models {
namespace {

constexpr std::size_t kNowhere = GradientFlow::kNowhere;

class Planner {
 public:
  Planner(std::span<const Node> nodes, bool rounds)
      : nodes_(nodes), rounds_(rounds), slot_of_(nodes.size(), kNowhere) {}

  GradientPlan plan() {
    plan_.steps.resize(nodes_.size());
    slot_of_.back() = take(nodes_.size() - 1);
    for (std::size_t i = nodes_.size(); i-- > 0;) plan_step(i);
    return std::move(plan_);
  }

 private:
  void plan_step(std::size_t i) {
    const Node& node = nodes_[i];
    GradientPlan::Step& step = plan_.steps[i];
    CHECK(slot_of_[i] != kNowhere);  // every node has a reader, or is the last
    step.d_out = slot_of_[i];
    std::size_t spare = kNowhere;
    const bool first_reader = is_node(node.in) && slot_of_[node.in] == kNowhere;
    const bool one_type = !rounds_ || !node.layer->roundable().results;
    if (first_reader && one_type && node.layer->backward_in_place()) {
      slot_of_[node.in] = step.in.slot = step.d_out;
      widen(step.d_out, node.in);
    } else {
      spare = step.d_out;
      step.in = flow_to(node.in);
    }
    if (node.layer->shortcut_in_place()) {
      spare = kNowhere;
      step.shortcut = flow_from(step.d_out, node.shortcut);
    } else {
      step.shortcut = flow_to(node.shortcut);
    }
    // Only now: what the step reads and what it writes are apart.
    for (const GradientFlow& flow : {step.in, step.shortcut})
      if (flow.added != kNowhere) free_.push_back(flow.slot);
    for (const std::size_t slot : {spare, step.d_out_more})
      if (slot != kNowhere) free_.push_back(slot);
  }

  static bool is_node(std::size_t place) { return place < Node::kNetworkInput; }

  GradientFlow flow_to(std::size_t place) {
    if (!is_node(place)) return {};
    return flow_from(take(place), place);
  }

  // What a step leaves in `slot` goes to node `place`.
  GradientFlow flow_from(std::size_t slot, std::size_t place) {
    if (!is_node(place)) {
      free_.push_back(slot);
      return {};
    }
    std::size_t& more = plan_.steps[place].d_out_more;
    if (slot_of_[place] == kNowhere) {
      slot_of_[place] = slot;
    } else if (nodes_[place].layer->adds_gradients() && more == kNowhere) {
      more = slot;
    } else {
      return {.slot = slot, .added = slot_of_[place]};
    }
    return {.slot = slot};
  }

  // A slot with room for the gradient of node `place`.
  std::size_t take(std::size_t place) {
    if (free_.empty()) {
      free_.push_back(plan_.slots.size());
      plan_.slots.push_back(0);
    }
    const std::size_t slot = free_.back();
    free_.pop_back();
    widen(slot, place);
    return slot;
  }
  void widen(std::size_t slot, std::size_t place) {
    plan_.slots[slot] = std::max(plan_.slots[slot], nodes_[place].layer->output().count());
  }

  std::span<const Node> nodes_;
  bool rounds_;
  std::vector<std::size_t> slot_of_;
  std::vector<std::size_t> free_;
  GradientPlan plan_;
};

}  // namespace

GradientPlan plan_gradients(std::span<const Node> nodes, bool rounds) {
  return Planner(nodes, rounds).plan();
}

}  // namespace models
