#pragma once

#include "peers/policies/correction.h"

namespace peers {

// m = mu q + g, for this step only;  g becomes m, or g + mu m (Nesterov's)
// after a mix:  q = mu q + (1 - mu) (z - z') / sum of lr
// with z and z' the estimates after the last mix and after this one: momentum of the way that the
// mixed model takes, not of this peer's own gradients (Lin et al. 2021, QG-DSGDm and QG-DSGDm-N).
// Works in any pace: estimates hold no weight that moved. Weight decay is the optimizer's, added
// once after this. Keeps q and z.
class QuasiGlobalMomentum final : public Correction {
 public:
  QuasiGlobalMomentum(const CorrectionOptions& options, const VectorSpace& space);
  void correct(kernels::View gradient) override;
  void before_push(gossip::Mass& /*mass*/) override {}
  void after_mix(gossip::Mass& mass, double learning_rate_sum) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  double mu_;
  bool nesterov_;
  kernels::Buffer momentum_;  // q
  kernels::Buffer last_;      // z
  kernels::Backend* backend_;
};

}  // namespace peers
