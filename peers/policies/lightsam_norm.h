#pragma once

#include "peers/policies/optimizer.h"

namespace peers {

// u += |s|^2;  w = z + rho s / sqrt(u);  v += |g|^2;  delta = -lr (g / sqrt(v) + decay z), with s
// the batch's gradient at z, g the same batch's at w, and u = v = epsilon^2 at first: LightSAM-I,
// which descends whatever rho and the learning rate are (Cheng et al. 2025, with AdaGrad-Norm).
// Keeps the two numbers u and v, and room for w. Two gradients a step.
class LightSamNorm final : public Optimizer {
 public:
  LightSamNorm(const OptimizerOptions& options, const VectorSpace& space);
  double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
               kernels::View delta) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  double rho_;
  double weight_decay_;
  double ascent_squares_;   // u
  double descent_squares_;  // v
  kernels::Buffer perturbed_;
  kernels::Backend* backend_;
};

}  // namespace peers
