#include <string>

#include "gossip/weighting/kinds.h"

namespace gossip {
namespace {

// W_ij = c / od, where od counts the receivers and oneself: c = 1 is "uniform". A small c is what
// Moreau weights nearly are while the estimates lie close together, so it is their control: what a
// run gains by mixing less, whatever the distances.
class Constant final : public Weighting {
 public:
  explicit Constant(double share) : share_(share) {}

  [[nodiscard]] List<double> shares(const PushPlan& plan) const override {
    const std::size_t count = plan.receivers.size();
    return {count, share_ / (static_cast<double>(count) + 1.0), plan.memory};
  }

  [[nodiscard]] runtime::Status check(const Topology& topology) const override {
    return check_prescribes_none(topology, "constant");
  }

 private:
  double share_;
};

}  // namespace

MadeWeighting make_constant(const WeightingOptions& options) {
  if (!(options.constant_share > 0.0 && options.constant_share <= 1.0))
    return runtime::Error{"weighting \"constant\": constant_share is " +
                          std::to_string(options.constant_share) +
                          ", expected a number above 0 and up to 1"};
  return std::unique_ptr<Weighting>(std::make_unique<Constant>(options.constant_share));
}

}  // namespace gossip
