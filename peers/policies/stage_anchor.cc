#include "peers/policies/stage_anchor.h"

namespace peers {

StageAnchor::StageAnchor(const VectorSpace& space)
    : anchor_(space.zeros()), backend_(space.backend) {}

void StageAnchor::begin_step(const Plan& plan, kernels::ConstView estimate) {
  pull_ = plan.stage_pull;
  if (stage_ == plan.stage) return;
  stage_ = plan.stage;
  backend_->copy(estimate, anchor_.view());
}

void StageAnchor::add_to(kernels::ConstView estimate, kernels::View gradient) {
  backend_->axpy(pull_, estimate, gradient);
  backend_->axpy(-pull_, anchor_.view(), gradient);
}

void StageAnchor::visit_state(StateVisitor& visitor) {
  // No stage yet is told from stage 0.
  std::uint64_t stages = stage_ ? *stage_ + 1 : 0;
  visitor.count("stages", stages);
  stage_ = stages > 0 ? std::optional(stages - 1) : std::nullopt;
  visitor.vector("anchor", anchor_.view());
}

}  // namespace peers
