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

void SplitGradient::take(Objective& objective, kernels::ConstView estimate, kernels::View room) {
  const std::size_t samples = objective.batch_samples();
  CHECK(samples >= 2);
  first_count_ = samples / 2;
  second_count_ = samples - first_count_;
  if (!mean_) mean_.emplace(space_.zeros());
  difference_ = room;
  objective.gradient_of_part({0, first_count_}, estimate, difference_);
  objective.gradient_of_part({first_count_, second_count_}, estimate, mean_->view());
  space_.backend->axpy(-1.0, mean_->view(), difference_);
  // G2 + b1 / b (G1 - G2)
  space_.backend->axpy(static_cast<double>(first_count_) / static_cast<double>(samples),
                       difference_, mean_->view());
}

// By the mean m and the difference d: G1 = m + b2 / b d, G2 = m - b1 / b d.
NoiseSums SplitGradient::noise(std::size_t offset, std::size_t count) const {
  const kernels::ConstView m = mean_->view().slice(offset, count);
  const kernels::ConstView d = difference_.slice(offset, count);
  const double up = static_cast<double>(second_count_) / static_cast<double>(samples());
  const double down = static_cast<double>(first_count_) / static_cast<double>(samples());
  const double mm = space_.backend->dot(m, m);
  const double md = space_.backend->dot(m, d);
  const double dd = space_.backend->dot(d, d);
  return noise_of_halves(mm + 2.0 * up * md + up * up * dd, mm - 2.0 * down * md + down * down * dd,
                         mm + (up - down) * md - up * down * dd, first_count_, second_count_);
}

}  // namespace peers
