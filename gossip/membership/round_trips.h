#pragma once
// How long answers have taken lately, of one member or of all, and so how long to wait for the
// next: a link sets its own deadline.

#include <algorithm>
#include <cmath>

#include "runtime/clock.h"

namespace gossip {

class RoundTrips {
 public:
  void add(runtime::Duration span) {
    const double seconds = runtime::to_seconds(span);
    if (!known_) {
      known_ = true;
      mean_ = seconds;
      deviation_ = seconds / 2.0;
      return;
    }
    // As TCP does it (Jacobson 1988, RFC 6298).
    deviation_ += (std::abs(seconds - mean_) - deviation_) / 4.0;
    mean_ += (seconds - mean_) / 8.0;
  }

  // At least `shortest`: below it, it is the operating system that is measured.
  [[nodiscard]] runtime::Duration deadline(runtime::Duration shortest) const {
    if (!known_) return shortest;
    return std::max(shortest, runtime::from_seconds(mean_ + 4.0 * deviation_));
  }
  [[nodiscard]] double mean_seconds() const { return mean_; }  // 0: none known

 private:
  bool known_ = false;
  double mean_ = 0.0;
  double deviation_ = 0.0;
};

}  // namespace gossip
