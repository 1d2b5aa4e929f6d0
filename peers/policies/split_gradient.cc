#include "peers/policies/split_gradient.h"

#include <limits>

#include "runtime/check.h"

namespace peers {

double NoiseSums::noise_scale() const {
  if (squared_norm <= 0.0) return std::numeric_limits<double>::infinity();
  return second_moment() / squared_norm;
}

NoiseSums noise_of_halves(double squared_first, double squared_second, double product,
                          std::size_t first, std::size_t second) {
  const double spread = 1.0 / static_cast<double>(first) + 1.0 / static_cast<double>(second);
  return {.squared_norm = product,
          .trace = (squared_first + squared_second - 2.0 * product) / spread};
}

SplitGradient::SplitGradient(const VectorSpace& space)
    : difference_(space.zeros()), second_(space.zeros()), backend_(space.backend) {}

void SplitGradient::take(Objective& objective, kernels::ConstView estimate) {
  const std::size_t samples = objective.batch_samples();
  CHECK(samples >= 2);
  first_count_ = samples / 2;
  second_count_ = samples - first_count_;
  objective.gradient_of_part({0, first_count_}, estimate, difference_.view());
  objective.gradient_of_part({first_count_, second_count_}, estimate, second_.view());
  backend_->axpy(-1.0, second_.view(), difference_.view());
  // G2 + b1 / b (G1 - G2)
  backend_->axpy(static_cast<double>(first_count_) / static_cast<double>(samples),
                 difference_.view(), second_.view());
}

// By the mean m and the difference d: G1 = m + b2 / b d, G2 = m - b1 / b d.
NoiseSums SplitGradient::noise(std::size_t offset, std::size_t count) const {
  const kernels::ConstView m = second_.view().slice(offset, count);
  const kernels::ConstView d = difference_.view().slice(offset, count);
  const double up = static_cast<double>(second_count_) / static_cast<double>(samples());
  const double down = static_cast<double>(first_count_) / static_cast<double>(samples());
  const double mm = backend_->dot(m, m);
  const double md = backend_->dot(m, d);
  const double dd = backend_->dot(d, d);
  return noise_of_halves(mm + 2.0 * up * md + up * up * dd, mm - 2.0 * down * md + down * down * dd,
                         mm + (up - down) * md - up * down * dd, first_count_, second_count_);
}

}  // namespace peers
