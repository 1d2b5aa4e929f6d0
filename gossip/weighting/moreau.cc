#include <cmath>
#include <string>

#include "gossip/weighting/kinds.h"
#include "runtime/check.h"

namespace gossip {
namespace {

// The farther a receiver is, the larger its share: mw(D2) / out-degree, the peer itself counted,
//     mw(D2) = (1 - v) / (1 + v) * (1 + v - exp(-k D2)),
// from v (1 - v) / (1 + v) for a twin or a stranger up to 1 - v.
// (Adaptive Weighting Push-SUM: Zhou, Cheng, Xu, Chen 2024, Moreau weights.)
class Moreau final : public Weighting {
 public:
  Moreau(double v, double k) : v_(v), k_(k) {}

  [[nodiscard]] bool asks_distances() const override { return true; }

  [[nodiscard]] List<double> shares(const PushPlan& plan) const override {
    CHECK(plan.squared_distances.size() == plan.receivers.size());
    const double out_degree = static_cast<double>(plan.receivers.size()) + 1.0;
    List<double> shares(plan.memory);
    shares.reserve(plan.receivers.size());
    for (const double squared : plan.squared_distances)
      shares.push_back(weight_at(squared) / out_degree);
    return shares;
  }

  [[nodiscard]] runtime::Status check(const Topology& topology) const override {
    return check_prescribes_none(topology, "moreau");
  }

 private:
  [[nodiscard]] double weight_at(double squared) const {
    return (1.0 - v_) / (1.0 + v_) * (1.0 + v_ - std::exp(-k_ * squared));
  }

  double v_;
  double k_;
};

}  // namespace

MadeWeighting make_moreau(const WeightingOptions& options) {
  if (!(options.moreau_v > 0.0 && options.moreau_v < 1.0))
    return runtime::Error{"weighting \"moreau\": v is " + std::to_string(options.moreau_v) +
                          ", expected between 0 and 1"};
  if (!(options.moreau_k > 0.0 && std::isfinite(options.moreau_k)))
    return runtime::Error{"weighting \"moreau\": k is " + std::to_string(options.moreau_k) +
                          ", expected above 0"};
  return std::unique_ptr<Weighting>(std::make_unique<Moreau>(options.moreau_v, options.moreau_k));
}

}  // namespace gossip
