#include "peers/disagreement.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/check.h"
#include "runtime/random.h"

namespace peers {

Disagreement::Disagreement(std::vector<std::span<const float>> estimates)
    : estimates_(std::move(estimates)) {
  CHECK(!estimates_.empty());
  mean_.assign(estimates_.front().size(), 0.0);
  for (const std::span<const float> estimate : estimates_) {
    CHECK(estimate.size() == mean_.size());
    for (std::size_t k = 0; k < mean_.size(); ++k) mean_[k] += static_cast<double>(estimate[k]);
  }
  for (double& number : mean_) number /= static_cast<double>(estimates_.size());
}

std::vector<float> Disagreement::mean() const { return moved({}); }

double Disagreement::trace() const {
  double sum = 0.0;
  for (const std::span<const float> estimate : estimates_) {
    for (std::size_t k = 0; k < mean_.size(); ++k) {
      const double apart = static_cast<double>(estimate[k]) - mean_[k];
      sum += apart * apart;
    }
  }
  return sum / static_cast<double>(size());
}

std::vector<float> Disagreement::along(std::size_t j, double step) const {
  CHECK(j < size());
  std::vector<double> steps(size(), 0.0);
  steps[j] = step;
  return moved(steps);
}

std::vector<float> Disagreement::draw(std::uint64_t seed, std::uint64_t number, double sign) const {
  runtime::Random random(seed, number);
  std::vector<double> steps(size());
  for (double& step : steps) step = sign * random.normal() / std::sqrt(static_cast<double>(size()));
  return moved(steps);
}

// w_a + sum_j steps[j] (w_j - w_a); fewer steps than estimates: the others' are none.
std::vector<float> Disagreement::moved(std::span<const double> steps) const {
  std::vector<double> sum = mean_;
  for (std::size_t j = 0; j < steps.size(); ++j) {
    if (steps[j] == 0.0) continue;
    for (std::size_t k = 0; k < sum.size(); ++k)
      sum[k] += steps[j] * (static_cast<double>(estimates_[j][k]) - mean_[k]);
  }
  return {sum.begin(), sum.end()};
}

Sharpness sharpness_along(const Disagreement& disagreement, const LossOf& loss, std::size_t pairs,
                          std::uint64_t seed) {
  CHECK(pairs >= 2);
  Sharpness found{.trace = disagreement.trace()};
  const double here = loss(disagreement.mean());
  const double m = static_cast<double>(disagreement.size());
  for (std::size_t j = 0; j < disagreement.size(); ++j)
    found.curvature +=
        (loss(disagreement.along(j, 1.0)) - 2.0 * here + loss(disagreement.along(j, -1.0))) / m;
  const double count = static_cast<double>(pairs);
  double squares = 0.0;
  for (std::size_t i = 0; i < pairs; ++i) {
    const double up = loss(disagreement.draw(seed, i));
    const double down = loss(disagreement.draw(seed, i, -1.0));
    const double rise = 0.5 * (up + down) - here;
    found.rise += rise / count;
    squares += rise * rise / count;
  }
  const double variance = std::max(0.0, squares - found.rise * found.rise) * count / (count - 1.0);
  found.rise_error = std::sqrt(variance / count);
  return found;
}

}  // namespace peers
