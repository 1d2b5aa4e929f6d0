#pragma once

#include "peers/policies/optimizer.h"

namespace peers {

// u += s^2;  w = z + rho s / sqrt(u);  v += g^2;  delta = -lr (g / sqrt(v) + decay z), element by
// element, with s the batch's gradient at z, g the same batch's at w, and u = v = epsilon^2 at
// first: LightSAM-II (Cheng et al. 2025, with AdaGrad). Keeps the vectors u and v, and room for w.
// Two gradients a step.
class LightSamAdagrad final : public Optimizer {
 public:
  LightSamAdagrad(const OptimizerOptions& options, const VectorSpace& space);
  double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
               kernels::View delta) override;
  void finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
              kernels::View delta) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  double rho_;
  double weight_decay_;
  kernels::Buffer ascent_squares_;   // u
  kernels::Buffer descent_squares_;  // v
  kernels::Buffer perturbed_;
  kernels::Backend* backend_;
};

}  // namespace peers
