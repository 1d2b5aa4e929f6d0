#include "peers/policies/sgd.h"

namespace peers {

double Sgd::delta_at(GradientSource& source, kernels::ConstView estimate, double learning_rate,
                     kernels::View delta) {
  const double loss = source.gradient_at(estimate, delta);
  if (weight_decay_ != 0.0) backend_->axpy(weight_decay_, estimate, delta);
  backend_->scale(-learning_rate, delta);
  return loss;
}

}  // namespace peers
