#pragma once

#include "peers/policies/correction.h"

namespace peers {

// g -= Delta;  after a mix that moved x from y to x':  Delta += damping (x' - y) / sum of lr
// (VRL-SGD, Liang et al. 2019, whose average over all peers is one round of gossip here, and whose
// damping is 1). Delta comes to be how far this peer's mean gradient is from everybody's, so local
// steps descend what all share.
//
// x, y are numerators: mixing conserves their sum, so the Delta of all peers sum to 0, but for what
// is in flight. Needs rounds in step and weights that settle: where a peer's weight goes on
// changing, x' - y holds weight that moved, not disagreement. On a static doubly stochastic matrix,
// with a push after every step and damping 1, this is D^2 (Tang et al. 2018); on graphs that change
// from round to round damping 1 diverges and 0.5 does not. A ring in one direction wants less, 0.25
// or 0.1. Keeps Delta, y, and room for x'.
class Vrl final : public Correction {
 public:
  Vrl(const CorrectionOptions& options, const VectorSpace& space);
  void correct(kernels::View gradient) override;
  void before_push(gossip::Mass& mass) override;
  void after_mix(gossip::Mass& mass, double learning_rate_sum) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  double damping_;
  kernels::Buffer drift_;   // Delta
  kernels::Buffer pushed_;  // y
  kernels::Buffer moved_;   // x' - y
  kernels::Backend* backend_;
};

}  // namespace peers
