#pragma once
// What was measured lately, and its quantiles.

#include <cstddef>
#include <vector>

namespace gossip {

// The last `count_max` values, which take memory as they come.
class RecentValues {
 public:
  explicit RecentValues(std::size_t count_max) : count_max_(count_max) {}

  void add(double value);
  // The smallest value that `share` of them do not exceed; none: 0.
  [[nodiscard]] double quantile(double share) const;

 private:
  std::size_t count_max_;
  std::vector<double> values_;
  std::size_t oldest_ = 0;  // once there are count_max_
};

}  // namespace gossip
