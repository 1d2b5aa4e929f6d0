#pragma once

#include "peers/policies/correction.h"

namespace peers {

// Gradient tracking (S-ADDOPT: Qureshi et al. 2020). A companion y of the parameters is mixed with
// them and, step by step, gets what has changed of the peer's own gradient, so that the sum of all
// y is always the sum of all last gradients. Steps go along y, which is mass and not divided by
// the weight: so does x.
class GradientTracking final : public Correction {
 public:
  GradientTracking(const CorrectionOptions& options, const VectorSpace& space);
  void correct(kernels::View gradient) override;
  void start(gossip::Mass& mass) override;
  void reset_companions(gossip::Mass& mass) override;
  void restore_companions(gossip::Mass& mass) override;
  void before_push(gossip::Mass& mass) override;
  void after_mix(gossip::Mass& mass, double learning_rate_sum) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  kernels::Buffer tracker_;   // y
  kernels::Buffer gradient_;  // the last one
  kernels::Backend* backend_;
};

}  // namespace peers
