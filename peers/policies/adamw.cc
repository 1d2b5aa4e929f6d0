#include "peers/policies/adamw.h"

namespace peers {

AdamW::AdamW(const OptimizerOptions& options, const VectorSpace& space)
    : moments_(options, space), weight_decay_(options.weight_decay), backend_(space.backend) {}

double AdamW::delta_at(GradientSource& source, kernels::ConstView estimate, double learning_rate,
                       kernels::View delta) {
  const double loss = source.gradient_at(estimate, delta);
  moments_.direct(delta);
  if (weight_decay_ != 0.0) backend_->axpy(weight_decay_, estimate, delta);
  backend_->scale(-learning_rate, delta);
  return loss;
}

void AdamW::visit_state(StateVisitor& visitor) { moments_.visit_state(visitor); }

}  // namespace peers
