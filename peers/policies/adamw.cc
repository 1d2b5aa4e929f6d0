#include "peers/policies/adamw.h"

namespace peers {

AdamW::AdamW(const OptimizerOptions& options, const VectorSpace& space)
    : moments_(options, space), weight_decay_(options.weight_decay), backend_(space.backend) {}

double AdamW::begin(GradientSource& source, kernels::ConstView estimate, double /*learning_rate*/,
                    kernels::View delta) {
  moments_.begin();
  return source.gradient_at(estimate, delta);
}

void AdamW::finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
                   kernels::View delta) {
  moments_.direct(first, delta);
  if (weight_decay_ != 0.0) backend_->axpy(weight_decay_, estimate, delta);
  backend_->scale(-learning_rate, delta);
}

void AdamW::visit_state(StateVisitor& visitor) { moments_.visit_state(visitor); }

}  // namespace peers
