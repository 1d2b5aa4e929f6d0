#include "peers/recent_ages.h"

#include <algorithm>
#include <cmath>

namespace peers {

void RecentAges::add(std::uint64_t age_rounds) { ages_[count_++ % kAgesMax] = age_rounds; }

std::uint64_t RecentAges::quantile(double share) const {
  const std::size_t held = std::min(count_, kAgesMax);
  if (held == 0) return 0;
  auto sorted = ages_;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(held)));
  const std::size_t index = std::min(held - 1, rank == 0 ? 0 : rank - 1);
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(held);
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(index), end);
  return sorted[index];
}

}  // namespace peers
