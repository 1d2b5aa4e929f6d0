#include "gossip/weighting/kinds.h"
#include "runtime/check.h"

namespace gossip {
namespace {

// Everybody who gets something, the sender included, gets the same; unless the topology has shares
// of its own.
class Uniform final : public Weighting {
 public:
  [[nodiscard]] List<double> shares(const PushPlan& plan) const override {
    CHECK(plan.topology != nullptr);
    if (plan.topology->prescribes_shares())
      return plan.topology->shares(plan.round, plan.members, plan.self, plan.memory);
    const std::size_t count = plan.receivers.size();
    return {count, 1.0 / (static_cast<double>(count) + 1.0), plan.memory};
  }
};

}  // namespace

MadeWeighting make_uniform(const WeightingOptions& /*options*/) {
  return std::unique_ptr<Weighting>(std::make_unique<Uniform>());
}

}  // namespace gossip
