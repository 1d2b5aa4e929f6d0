#include "gossip/norm_limit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/check.h"

namespace gossip {

void NormLimit::note_own(const std::vector<double>& squared_norms, const BlockLayout& layout) {
  CHECK(squared_norms.size() == layout.block_count());
  const double sum = std::accumulate(squared_norms.begin(), squared_norms.end(), 0.0);
  const double mean = sum / static_cast<double>(layout.parameter_count());
  largest_.clear();
  if (!(mean > 0.0)) return;  // of nothing there is no multiple
  for (std::uint32_t block = 0; block < layout.block_count(); ++block) {
    const double own = squared_norms[block] / static_cast<double>(layout.range(block).count);
    largest_.push_back(limit_ * limit_ * std::max(own, mean));
  }
}

std::optional<double> NormLimit::radius(std::uint32_t block, const BlockLayout& layout) const {
  if (limit_ == 0.0 || largest_.empty()) return std::nullopt;
  return std::sqrt(largest_[block] * static_cast<double>(layout.range(block).count));
}

bool NormLimit::refuses(const Parcel& parcel, const BlockLayout& layout) const {
  if (limit_ == 0.0 || largest_.empty()) return false;
  const double count = static_cast<double>(layout.range(parcel.block).count);
  return !(parcel.squared_norm <= largest_[parcel.block] * count);  // also what overflows
}

}  // namespace gossip
