#include "peers/policies/momentum.h"

#include <utility>

namespace peers {

Momentum::Momentum(const OptimizerOptions& options, kernels::Buffer momentum,
                   kernels::Backend& backend)
    : mu_(options.momentum),
      weight_decay_(options.weight_decay),
      momentum_(std::move(momentum)),
      backend_(&backend) {}

double Momentum::delta_at(Objective& objective, kernels::ConstView estimate, double learning_rate,
                          kernels::View delta) {
  const double loss = objective.gradient_at(estimate, delta);
  if (weight_decay_ != 0.0) backend_->axpy(weight_decay_, estimate, delta);
  backend_->accumulate(-learning_rate, mu_, delta, momentum_.view());
  return loss;
}

}  // namespace peers
