#pragma once

#include "peers/policies/optimizer.h"

namespace peers {

// r = b1 r + (1 - b1) s;  u = b2 u + (1 - b2) s^2;  w = z + rho r / sqrt(u)
// m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  delta = -lr (m / sqrt(v) + decay z)
// element by element, with s the batch's gradient at z, g the same batch's at w, and u = v =
// epsilon^2 at first: LightSAM-III (Cheng et al. 2025, with Adam). The moments are not freed of
// their start, so the first step is (1 - b1) / sqrt(1 - b2) learning rates long. Keeps the vectors
// r, u, m and v, and room for w. Two gradients a step.
class LightSamAdam final : public Optimizer {
 public:
  LightSamAdam(const OptimizerOptions& options, const VectorSpace& space);
  double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
               kernels::View delta) override;
  void finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
              kernels::View delta) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  // One pair of moments; the first over (1 - b1), so that it takes a gradient as it is.
  struct Moments {
    kernels::Buffer first;
    kernels::Buffer second;
  };
  // A gradient in, `factor` times its direction out, in its place.
  void direct(double factor, kernels::View gradient, kernels::View first, kernels::View second);

  double beta1_;
  double beta2_;
  double rho_;
  double weight_decay_;
  Moments ascent_;   // r and u
  Moments descent_;  // m and v
  kernels::Buffer perturbed_;
  kernels::Backend* backend_;
};

}  // namespace peers
