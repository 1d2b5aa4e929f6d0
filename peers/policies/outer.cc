#include "peers/policies/outer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace peers {

Outer::Outer(const OuterOptions& options, const VectorSpace& space)
    : learning_rate_(options.learning_rate),
      momentum_(options.momentum),
      nesterov_(options.name == "nesterov"),
      anchor_(space.zeros()),
      velocity_(space.zeros()),
      backend_(space.backend) {}

void Outer::start(kernels::ConstView estimate) { backend_->copy(estimate, anchor_.view()); }

void Outer::step(kernels::ConstView estimate, kernels::View delta) {
  backend_->copy(anchor_.view(), delta);
  backend_->axpy(-1.0, estimate, delta);
  backend_->scale(momentum_, velocity_.view());
  backend_->axpy(1.0, delta, velocity_.view());
  // The new anchor less the estimate: d - rate (d + mu v), or d - rate v.
  if (nesterov_) backend_->scale(1.0 - learning_rate_, delta);
  backend_->axpy(-learning_rate_ * (nesterov_ ? momentum_ : 1.0), velocity_.view(), delta);
  backend_->copy(estimate, anchor_.view());
  backend_->axpy(1.0, delta, anchor_.view());
}

void Outer::visit_state(StateVisitor& visitor) {
  visitor.vector("anchor", anchor_.view());
  visitor.vector("velocity", velocity_.view());
}

std::vector<std::string_view> outer_names() { return {"none", "nesterov", "heavy-ball"}; }

runtime::Result<std::unique_ptr<Outer>> make_outer(const OuterOptions& options,
                                                   const VectorSpace& space) {
  const std::vector<std::string_view> names = outer_names();
  if (std::ranges::find(names, options.name) == names.end())
    return runtime::Error{fmt::format("unknown outer optimizer '{}'; there are {}", options.name,
                                      fmt::join(names, ", "))};
  if (options.name == "none") return std::unique_ptr<Outer>();
  return std::make_unique<Outer>(options, space);
}

}  // namespace peers
