#include "peers/policies/lightsam_adam.h"

namespace peers {
namespace {

// The moments of a number whose gradients stay 0 fade to 0 both: 0 over 0 would be no number.
constexpr double kRootMin = 1e-20;

}  // namespace

LightSamAdam::LightSamAdam(const OptimizerOptions& options, const VectorSpace& space)
    : beta1_(options.beta1),
      beta2_(options.beta2),
      rho_(options.rho),
      weight_decay_(options.weight_decay),
      ascent_{space.zeros(), space.zeros()},
      descent_{space.zeros(), space.zeros()},
      perturbed_(space.zeros()),
      backend_(space.backend) {
  backend_->fill(options.epsilon * options.epsilon, ascent_.second.view());
  backend_->fill(options.epsilon * options.epsilon, descent_.second.view());
}

void LightSamAdam::direct(double factor, kernels::View gradient, kernels::View first,
                          kernels::View second) {
  backend_->accumulate_squares(1.0 - beta2_, beta2_, gradient, second);
  backend_->accumulate(factor * (1.0 - beta1_), beta1_, gradient, first);
  backend_->divide_by_root(1.0, kRootMin, second, gradient);
}

double LightSamAdam::begin(GradientSource& source, kernels::ConstView estimate,
                           double /*learning_rate*/, kernels::View delta) {
  const double loss = source.gradient_at(estimate, delta);
  direct(rho_, delta, ascent_.first.view(), ascent_.second.view());
  backend_->copy(estimate, perturbed_.view());
  backend_->axpy(1.0, delta, perturbed_.view());
  static_cast<void>(source.gradient_at(perturbed_.view(), delta));
  return loss;
}

void LightSamAdam::finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
                          kernels::View delta) {
  direct(-learning_rate, delta, descent_.first.view().slice(first, delta.count()),
         descent_.second.view().slice(first, delta.count()));
  if (weight_decay_ != 0.0) backend_->axpy(-learning_rate * weight_decay_, estimate, delta);
}

void LightSamAdam::visit_state(StateVisitor& visitor) {
  visitor.vector("ascent_first", ascent_.first.view());
  visitor.vector("ascent_second", ascent_.second.view());
  visitor.vector("descent_first", descent_.first.view());
  visitor.vector("descent_second", descent_.second.view());
}

}  // namespace peers
