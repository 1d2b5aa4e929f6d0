#include "peers/policies/lamb.h"

#include <cmath>

namespace peers {

Lamb::Lamb(const OptimizerOptions& options, const VectorSpace& space)
    : moments_(options, space), weight_decay_(options.weight_decay), backend_(space.backend) {
  for (const models::ParameterTensor& tensor : options.tensors)
    tensors_.push_back({tensor.offset, tensor.count});
  if (tensors_.empty()) tensors_.push_back({0, space.count});
}

double Lamb::begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
                   kernels::View delta) {
  const double loss = source.gradient_at(estimate, delta);
  moments_.begin();
  moments_.direct(0, delta);
  if (weight_decay_ != 0.0) backend_->axpy(weight_decay_, estimate, delta);
  for (const Range& tensor : tensors_) {
    const kernels::ConstView z = estimate.slice(tensor.offset, tensor.count);
    const kernels::View u = delta.slice(tensor.offset, tensor.count);
    const double z_squared = backend_->dot(z, z);
    const double u_squared = backend_->dot(u, u);
    const bool trusted = z_squared > 0.0 && u_squared > 0.0;
    backend_->scale(-learning_rate * (trusted ? std::sqrt(z_squared / u_squared) : 1.0), u);
  }
  return loss;
}

void Lamb::visit_state(StateVisitor& visitor) { moments_.visit_state(visitor); }

}  // namespace peers
