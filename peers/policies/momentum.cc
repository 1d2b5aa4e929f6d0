#include "peers/policies/momentum.h"

namespace peers {

Momentum::Momentum(const OptimizerOptions& options, const VectorSpace& space)
    : mu_(options.momentum),
      weight_decay_(options.weight_decay),
      nesterov_(options.nesterov),
      momentum_(space.zeros()),
      backend_(space.backend) {}

double Momentum::begin(GradientSource& source, kernels::ConstView estimate,
                       double /*learning_rate*/, kernels::View delta) {
  return source.gradient_at(estimate, delta);
}

void Momentum::finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
                      kernels::View delta) {
  const kernels::View m = momentum_.view().slice(first, delta.count());
  if (weight_decay_ != 0.0) backend_->axpy(weight_decay_, estimate, delta);
  if (!nesterov_) return backend_->accumulate(-learning_rate, mu_, delta, m);
  backend_->scale(mu_, m);
  backend_->axpy(1.0, delta, m);
  backend_->axpy(mu_, m, delta);
  backend_->scale(-learning_rate, delta);
}

void Momentum::visit_state(StateVisitor& visitor) { visitor.vector("momentum", momentum_.view()); }

}  // namespace peers
