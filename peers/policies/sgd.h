#pragma once

#include "peers/policies/optimizer.h"

namespace peers {

// delta = -lr (g + decay z): stochastic gradient descent. Keeps nothing.
class Sgd final : public Optimizer {
 public:
  Sgd(const OptimizerOptions& options, const VectorSpace& space)
      : weight_decay_(options.weight_decay), backend_(space.backend) {}
  double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
               kernels::View delta) override;
  void finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
              kernels::View delta) override;
  void visit_state(StateVisitor& /*visitor*/) override {}

 private:
  double weight_decay_;
  kernels::Backend* backend_;
};

}  // namespace peers
