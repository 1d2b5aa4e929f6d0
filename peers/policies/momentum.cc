#include "peers/policies/momentum.h"

namespace peers {

Momentum::Momentum(const OptimizerOptions& options, const VectorSpace& space)
    : mu_(options.momentum),
      weight_decay_(options.weight_decay),
      nesterov_(options.nesterov),
      momentum_(space.zeros()),
      backend_(space.backend) {}

double Momentum::delta_at(GradientSource& source, kernels::ConstView estimate, double learning_rate,
                          kernels::View delta) {
  const double loss = source.gradient_at(estimate, delta);
  if (weight_decay_ != 0.0) backend_->axpy(weight_decay_, estimate, delta);
  if (!nesterov_) {
    backend_->accumulate(-learning_rate, mu_, delta, momentum_.view());
    return loss;
  }
  backend_->scale(mu_, momentum_.view());
  backend_->axpy(1.0, delta, momentum_.view());
  backend_->axpy(mu_, momentum_.view(), delta);
  backend_->scale(-learning_rate, delta);
  return loss;
}

void Momentum::visit_state(StateVisitor& visitor) { visitor.vector("momentum", momentum_.view()); }

}  // namespace peers
