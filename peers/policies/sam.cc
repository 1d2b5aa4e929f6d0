#include "peers/policies/sam.h"

#include <cmath>

namespace peers {
namespace {

constexpr double kNormMin = 1e-12;  // a gradient of zeros perturbs nothing

// What SAM's base optimizer takes for the gradient at z.
class GradientUphill final : public GradientSource {
 public:
  GradientUphill(GradientSource& source, double rho, kernels::View perturbed,
                 kernels::Backend& backend)
      : source_(&source), rho_(rho), perturbed_(perturbed), backend_(&backend) {}

  double gradient_at(kernels::ConstView estimate, kernels::View gradient) override {
    const double loss = source_->gradient_at(estimate, gradient);
    const double norm = std::sqrt(backend_->dot(gradient, gradient));
    backend_->copy(estimate, perturbed_);
    backend_->axpy(rho_ / (norm + kNormMin), gradient, perturbed_);
    static_cast<void>(source_->gradient_at(perturbed_, gradient));
    return loss;
  }

 private:
  GradientSource* source_;
  double rho_;
  kernels::View perturbed_;
  kernels::Backend* backend_;
};

}  // namespace

Sam::Sam(const OptimizerOptions& options, const VectorSpace& space)
    : rho_(options.rho),
      base_(options, space),
      perturbed_(space.zeros()),
      backend_(space.backend) {}

double Sam::begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
                  kernels::View delta) {
  GradientUphill uphill(source, rho_, perturbed_.view(), *backend_);
  return base_.begin(uphill, estimate, learning_rate, delta);
}

void Sam::finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
                 kernels::View delta) {
  base_.finish(first, estimate, learning_rate, delta);
}

void Sam::visit_state(StateVisitor& visitor) { base_.visit_state(visitor); }

}  // namespace peers
