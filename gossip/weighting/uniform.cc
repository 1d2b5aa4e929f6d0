#include "gossip/weighting/kinds.h"

namespace gossip {
namespace {

// Everybody who gets something, the sender included, gets the same.
class Uniform final : public Weighting {
 public:
  [[nodiscard]] std::vector<double> shares(const PushPlan& plan) const override {
    const std::size_t count = plan.receivers.size();
    return std::vector<double>(count, 1.0 / (static_cast<double>(count) + 1.0));
  }
};

}  // namespace

MadeWeighting make_uniform(const WeightingOptions& /*options*/) {
  return std::unique_ptr<Weighting>(std::make_unique<Uniform>());
}

}  // namespace gossip
