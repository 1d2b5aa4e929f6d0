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
  backend_->scale(mu_, momentum_.view());
  backend_->axpy(1.0, delta, momentum_.view());
  backend_->copy(momentum_.view(), delta);
  backend_->scale(-learning_rate, delta);
  return loss;
}

}  // namespace peers
