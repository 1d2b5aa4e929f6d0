#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "peers/synthetic.h"

namespace peers {

// Points side by side, and the class of each.
struct LabelledPoints {
  std::vector<double> features;      // of one point after the other, all as long
  std::vector<std::uint8_t> labels;  // 0 or 1
};

// Of one peer, from the run's seed: features normal around a place of its own, so that peers are
// unlike, labels at the odds of a truth that all have in common.
inline constexpr std::size_t kDrawnFeatures = 16;
[[nodiscard]] LabelledPoints draw_points(std::uint64_t seed, std::uint64_t peer);

// f(z) = mean_j log(1 + exp(-y_j <a_j, z>)) + l2 / 2 |z|^2, y = 1 or -1, over all points of the
// peer: convex, and its curvature is another everywhere.
class Logistic final : public Synthetic {
 public:
  // At least one point; as many features in each as parameters.
  Logistic(LabelledPoints points, double l2, Options options, runtime::Random random,
           kernels::Backend& backend);

 private:
  double value_of(std::span<const double> z, std::span<double> gradient) const override;

  LabelledPoints points_;
  double l2_;
};

}  // namespace peers
