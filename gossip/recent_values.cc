#include "gossip/recent_values.h"

#include <algorithm>
#include <cmath>

namespace gossip {

void RecentValues::add(double value) {
  if (values_.size() < count_max_) return values_.push_back(value);
  values_[oldest_] = value;
  oldest_ = (oldest_ + 1) % count_max_;
}

double RecentValues::quantile(double share) const {
  if (values_.empty()) return 0.0;
  std::vector<double> sorted = values_;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  const std::size_t index = std::min(sorted.size() - 1, rank == 0 ? 0 : rank - 1);
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(sorted.begin(), at, sorted.end());
  return *at;
}

}  // namespace gossip
