#include "peers/policies/sgd.h"

namespace peers {

double Sgd::begin(GradientSource& source, kernels::ConstView estimate, double /*learning_rate*/,
                  kernels::View delta) {
  return source.gradient_at(estimate, delta);
}

void Sgd::finish(std::size_t /*first*/, kernels::ConstView estimate, double learning_rate,
                 kernels::View delta) {
  if (weight_decay_ != 0.0) backend_->axpy(weight_decay_, estimate, delta);
  backend_->scale(-learning_rate, delta);
}

}  // namespace peers
