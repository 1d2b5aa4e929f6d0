#include "peers/quadratic.h"

#include <utility>

#include "runtime/check.h"

namespace peers {

Quadratic::Quadratic(Options options, runtime::Random random, kernels::Backend& backend)
    : Synthetic({std::move(options.start), options.noise, options.scalar}, random, backend),
      center_(std::move(options.center)),
      curvature_(std::move(options.curvature)) {
  CHECK(center_.size() == parameter_count());
  CHECK(curvature_.size() == parameter_count());
}

double Quadratic::value_of(std::span<const double> z, std::span<double> gradient) const {
  double loss = 0.0;
  for (std::size_t k = 0; k < z.size(); ++k) {
    const double away = z[k] - center_[k];
    loss += 0.5 * curvature_[k] * away * away;
    gradient[k] = curvature_[k] * away;
  }
  return loss;
}

}  // namespace peers
