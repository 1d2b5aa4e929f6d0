#pragma once

#include "peers/policies/optimizer.h"

namespace peers {

// m = mu m + g + decay z;  delta = -lr m: heavy ball (Polyak 1964).
// Nesterov's: delta = -lr (g + decay z + mu m), the gradient where the next step would lead
// (Sutskever et al. 2013, in the form that asks for one gradient). Keeps m.
class Momentum final : public Optimizer {
 public:
  Momentum(const OptimizerOptions& options, const VectorSpace& space);
  double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
               kernels::View delta) override;
  void finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
              kernels::View delta) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  double mu_;
  double weight_decay_;
  bool nesterov_;
  kernels::Buffer momentum_;
  kernels::Backend* backend_;
};

}  // namespace peers
