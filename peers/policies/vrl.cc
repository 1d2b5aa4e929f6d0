#include "peers/policies/vrl.h"

namespace peers {

Vrl::Vrl(const CorrectionOptions& options, const VectorSpace& space)
    : damping_(options.damping),
      drift_(space.zeros()),
      pushed_(space.zeros()),
      moved_(space.zeros()),
      backend_(space.backend) {}

void Vrl::correct(kernels::View gradient) { backend_->axpy(-1.0, drift_.view(), gradient); }

void Vrl::before_push(gossip::Mass& mass) { mass.numerator(pushed_.view()); }

void Vrl::after_mix(gossip::Mass& mass, double learning_rate_sum) {
  if (learning_rate_sum == 0.0) return;
  mass.numerator(moved_.view());
  backend_->axpy(-1.0, pushed_.view(), moved_.view());
  backend_->axpy(damping_ / learning_rate_sum, moved_.view(), drift_.view());
}

void Vrl::visit_state(StateVisitor& visitor) {
  visitor.vector("drift", drift_.view());
  visitor.vector("pushed", pushed_.view());
}

}  // namespace peers
