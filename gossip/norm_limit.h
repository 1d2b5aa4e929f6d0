#pragma once
// Refuses parameters that are far larger than one's own: of a peer that has diverged or lies.

#include <cstdint>
#include <optional>
#include <vector>

#include "gossip/layout.h"
#include "gossip/parcel.h"

namespace gossip {

// What becomes of a parcel beyond the limit.
enum class NormAction : std::uint8_t {
  kRefuse,  // NormLimit
  kClip,    // Clipping: it counts how far it is from one's own, not how large it is
};

// Sizes are root mean squares of estimates, so that blocks of any length compare. A block of one's
// own may be zero (biases at the start): then the mean over all blocks stands for it.
class NormLimit {
 public:
  // A parcel's block may be `limit` times as large as one's own; 0: nothing is refused.
  explicit NormLimit(double limit) : limit_(limit) {}

  // Of one's own estimate, sum of squares over each block. Until this was called with some that is
  // not zero nothing is refused.
  void note_own(const std::vector<double>& squared_norms, const BlockLayout& layout);
  // How large a block may be, as a norm of it; none: whatever it is.
  [[nodiscard]] std::optional<double> radius(std::uint32_t block, const BlockLayout& layout) const;
  // Parcel::of_estimate(); Parcel::squared_norm has been filled in.
  [[nodiscard]] bool refuses(const Parcel& parcel, const BlockLayout& layout) const;

 private:
  double limit_;
  std::vector<double> largest_;  // mean square that one's own block makes possible
};

}  // namespace gossip
