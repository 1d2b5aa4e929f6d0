#include "peers/policies/lightsam_adagrad.h"

namespace peers {

LightSamAdagrad::LightSamAdagrad(const OptimizerOptions& options, const VectorSpace& space)
    : rho_(options.rho),
      weight_decay_(options.weight_decay),
      ascent_squares_(space.zeros()),
      descent_squares_(space.zeros()),
      perturbed_(space.zeros()),
      backend_(space.backend) {
  backend_->fill(options.epsilon * options.epsilon, ascent_squares_.view());
  backend_->fill(options.epsilon * options.epsilon, descent_squares_.view());
}

double LightSamAdagrad::begin(GradientSource& source, kernels::ConstView estimate,
                              double /*learning_rate*/, kernels::View delta) {
  const double loss = source.gradient_at(estimate, delta);
  backend_->accumulate_squares(1.0, 1.0, delta, ascent_squares_.view());
  backend_->divide_by_root(rho_, 0.0, ascent_squares_.view(), delta);
  backend_->copy(estimate, perturbed_.view());
  backend_->axpy(1.0, delta, perturbed_.view());
  static_cast<void>(source.gradient_at(perturbed_.view(), delta));
  return loss;
}

void LightSamAdagrad::finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
                             kernels::View delta) {
  const kernels::View v = descent_squares_.view().slice(first, delta.count());
  backend_->accumulate_squares(1.0, 1.0, delta, v);
  backend_->divide_by_root(-learning_rate, 0.0, v, delta);
  if (weight_decay_ != 0.0) backend_->axpy(-learning_rate * weight_decay_, estimate, delta);
}

void LightSamAdagrad::visit_state(StateVisitor& visitor) {
  visitor.vector("ascent_squares", ascent_squares_.view());
  visitor.vector("descent_squares", descent_squares_.view());
}

}  // namespace peers
