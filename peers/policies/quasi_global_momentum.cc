#include "peers/policies/quasi_global_momentum.h"

namespace peers {

QuasiGlobalMomentum::QuasiGlobalMomentum(const CorrectionOptions& options, const VectorSpace& space)
    : mu_(options.momentum),
      nesterov_(options.nesterov),
      momentum_(space.zeros()),
      last_(space.zeros()),
      backend_(space.backend) {}

void QuasiGlobalMomentum::correct(kernels::View gradient) {
  // g + mu (mu q + g) = (1 + mu) g + mu^2 q
  if (nesterov_) backend_->scale(1.0 + mu_, gradient);
  backend_->axpy(nesterov_ ? mu_ * mu_ : mu_, momentum_.view(), gradient);
}

void QuasiGlobalMomentum::after_mix(gossip::Mass& mass, double learning_rate_sum) {
  const kernels::ConstView now = mass.estimate();
  if (learning_rate_sum > 0.0) {
    backend_->axpy(-1.0, now, last_.view());
    backend_->scale(mu_, momentum_.view());
    backend_->axpy((1.0 - mu_) / learning_rate_sum, last_.view(), momentum_.view());
  }
  backend_->copy(now, last_.view());
}

void QuasiGlobalMomentum::visit_state(StateVisitor& visitor) {
  visitor.vector("momentum", momentum_.view());
  visitor.vector("last", last_.view());
}

}  // namespace peers
