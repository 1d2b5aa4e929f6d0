#include "peers/policies/lightsam_norm.h"

#include <cmath>

namespace peers {

LightSamNorm::LightSamNorm(const OptimizerOptions& options, const VectorSpace& space)
    : rho_(options.rho),
      weight_decay_(options.weight_decay),
      ascent_squares_(options.epsilon * options.epsilon),
      descent_squares_(options.epsilon * options.epsilon),
      perturbed_(space.zeros()),
      backend_(space.backend) {}

double LightSamNorm::begin(GradientSource& source, kernels::ConstView estimate,
                           double learning_rate, kernels::View delta) {
  const double loss = source.gradient_at(estimate, delta);
  ascent_squares_ += backend_->dot(delta, delta);
  backend_->copy(estimate, perturbed_.view());
  backend_->axpy(rho_ / std::sqrt(ascent_squares_), delta, perturbed_.view());
  static_cast<void>(source.gradient_at(perturbed_.view(), delta));
  descent_squares_ += backend_->dot(delta, delta);
  backend_->scale(-learning_rate / std::sqrt(descent_squares_), delta);
  if (weight_decay_ != 0.0) backend_->axpy(-learning_rate * weight_decay_, estimate, delta);
  return loss;
}

void LightSamNorm::visit_state(StateVisitor& visitor) {
  visitor.number("ascent_squares", ascent_squares_);
  visitor.number("descent_squares", descent_squares_);
}

}  // namespace peers
