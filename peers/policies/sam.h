#pragma once

#include "peers/policies/momentum.h"

namespace peers {

// w = z + rho s / |s|, s the batch's gradient at z;  g the same batch's gradient at w;  delta as
// Momentum makes it of g, and plain SGD's where momentum is 0: sharpness-aware minimisation (Foret
// et al. 2021, algorithm 1). It is the estimate z that is perturbed and the numerator x that the
// delta is applied to. The norm is over all parameters; weight decay pulls at z. Keeps m, and room
// for w. Two gradients a step. Running statistics follow the batch as it passes at w.
class Sam final : public Optimizer {
 public:
  Sam(const OptimizerOptions& options, const VectorSpace& space);
  double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
               kernels::View delta) override;
  void finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
              kernels::View delta) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  double rho_;
  Momentum base_;
  kernels::Buffer perturbed_;
  kernels::Backend* backend_;
};

}  // namespace peers
