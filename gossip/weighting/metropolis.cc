#include <algorithm>

#include "gossip/weighting/kinds.h"
#include "runtime/check.h"

namespace gossip {
namespace {

// W_ij = 1 / (1 + max(d_i, d_j)), d the number of receivers: the same in both directions, so that
// rows sum to one as columns do wherever pushes go both ways (Xiao and Boyd 2004). Peers whose
// lists of members differ for a while may not agree on a degree; the columns hold all the same.
class Metropolis final : public Weighting {
 public:
  [[nodiscard]] List<double> shares(const PushPlan& plan) const override {
    CHECK(plan.topology != nullptr);
    List<double> shares(plan.memory);
    shares.reserve(plan.receivers.size());
    for (const runtime::PeerId receiver : plan.receivers) {
      const std::size_t theirs =
          plan.topology->out_neighbours(plan.round, plan.members, receiver, plan.memory).size();
      const std::size_t degree = std::max(plan.receivers.size(), theirs);
      shares.push_back(1.0 / (1.0 + static_cast<double>(degree)));
    }
    return shares;
  }

  [[nodiscard]] runtime::Status check(const Topology& topology) const override {
    if (!topology.symmetric())
      return runtime::Error{
          "\"metropolis\" needs a topology where whom one pushes to pushes back, in every round"};
    return check_prescribes_none(topology, "metropolis");
  }
};

}  // namespace

MadeWeighting make_metropolis(const WeightingOptions& /*options*/) {
  return std::unique_ptr<Weighting>(std::make_unique<Metropolis>());
}

}  // namespace gossip
