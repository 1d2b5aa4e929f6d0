#pragma once
// What int8 and int4 share: a payload begins with the scales of its groups.

#include <algorithm>

#include "gossip/codec/kinds.h"
#include "kernels/cells.h"

namespace gossip {

// Whether each is one that encoding could have made: not NaN, so that every number is finite.
[[nodiscard]] inline bool are_scales(std::span<const float> scales) {
  return std::ranges::all_of(
      scales, [](float scale) { return scale >= 0.0F && scale <= kernels::cells::kScaleMax; });
}

}  // namespace gossip
