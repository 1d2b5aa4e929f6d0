#include "peers/policies/gradient_tracking.h"

namespace peers {

GradientTracking::GradientTracking(const CorrectionOptions& /*options*/, const VectorSpace& space)
    : tracker_(space.zeros()), gradient_(space.zeros()), backend_(space.backend) {}

// y += g - g_last. The gradient that was used is the one that is taken off again, never another of
// the same batch.
void GradientTracking::correct(kernels::View gradient) {
  backend_->axpy(-1.0, gradient_.view(), tracker_.view());
  backend_->axpy(1.0, gradient, tracker_.view());
  backend_->copy(gradient, gradient_.view());
  backend_->copy(tracker_.view(), gradient);
}

// The first y is the first gradient.
void GradientTracking::start(gossip::Mass& /*mass*/) {
  backend_->fill(0.0, tracker_.view());
  backend_->fill(0.0, gradient_.view());
}

void GradientTracking::reset_companions(gossip::Mass& mass) {
  mass.set_companion(0, gradient_.view());
}

void GradientTracking::restore_companions(gossip::Mass& mass) {
  mass.set_companion(0, tracker_.view());
}

void GradientTracking::before_push(gossip::Mass& mass) { mass.set_companion(0, tracker_.view()); }

void GradientTracking::after_mix(gossip::Mass& mass, double /*learning_rate_sum*/) {
  mass.companion(0, tracker_.view());
}

void GradientTracking::visit_state(StateVisitor& visitor) {
  visitor.vector("tracker", tracker_.view());
  visitor.vector("gradient", gradient_.view());
}

}  // namespace peers
