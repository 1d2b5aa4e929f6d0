#pragma once

#include "peers/policies/optimizer.h"

namespace peers {

// delta = -lr (g + decay z): stochastic gradient descent.
class Sgd final : public Optimizer {
 public:
  Sgd(double weight_decay, kernels::Backend& backend)
      : weight_decay_(weight_decay), backend_(&backend) {}
  double delta_at(Objective& objective, kernels::ConstView estimate, double learning_rate,
                  kernels::View delta) override;

 private:
  double weight_decay_;
  kernels::Backend* backend_;
};

}  // namespace peers
