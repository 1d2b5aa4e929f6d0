#include "peers/policies/adam_moments.h"

#include <cmath>

namespace peers {

AdamMoments::AdamMoments(const OptimizerOptions& options, const VectorSpace& space)
    : beta1_(options.beta1),
      beta2_(options.beta2),
      epsilon_(options.epsilon),
      first_(space.zeros()),
      second_(space.zeros()),
      backend_(space.backend) {}

void AdamMoments::begin() {
  power1_ *= beta1_;
  power2_ *= beta2_;
}

void AdamMoments::direct(std::size_t first, kernels::View gradient) {
  const kernels::View m = first_.view().slice(first, gradient.count());
  const kernels::View v = second_.view().slice(first, gradient.count());
  // m / (1 - b1^t) over sqrt(v / (1 - b2^t)) + epsilon, with both corrections drawn together: the
  // vectors are passed over three times and no more.
  const double root = std::sqrt(1.0 - power2_);
  const double factor = (1.0 - beta1_) * root / (1.0 - power1_);
  backend_->accumulate_squares(1.0 - beta2_, beta2_, gradient, v);
  backend_->accumulate(factor, beta1_, gradient, m);
  backend_->divide_by_root(1.0, epsilon_ * root, v, gradient);
}

void AdamMoments::visit_state(StateVisitor& visitor) {
  visitor.vector("first", first_.view());
  visitor.vector("second", second_.view());
  visitor.number("power1", power1_);
  visitor.number("power2", power2_);
}

}  // namespace peers
