#pragma once
// How long to wait for word of a parcel before it is sent again, as TCP has it (Jacobson 1988; RFC
// 6298): the mean of what it took lately, and four times how much that varies. What was sent again
// says nothing of how long it took, since word may be of either copy (Karn and Partridge 1987); the
// wait may have been too short, and as long as it took is waited until more is known.

#include <algorithm>
#include <cmath>
#include <optional>

#include "runtime/clock.h"

namespace gossip {

class ResendTimer {
 public:
  void arrived_after(runtime::Duration span) {
    const double seconds = runtime::to_seconds(span);
    if (!mean_) {
      mean_ = seconds;
      deviation_ = seconds / 2.0;
    } else {
      deviation_ += kGain * 2.0 * (std::abs(seconds - *mean_) - deviation_);
      *mean_ += kGain * (seconds - *mean_);
    }
    wait_ = runtime::from_seconds(*mean_ + 4.0 * deviation_);
  }
  // The same of what had been sent again meanwhile.
  void came_late(runtime::Duration span) { wait_ = std::max(wait_, span); }

  [[nodiscard]] runtime::Duration wait() const { return wait_; }  // zero: nothing is known

 private:
  static constexpr double kGain = 0.125;  // of the mean; of the deviation twice that

  std::optional<double> mean_;
  double deviation_ = 0.0;
  runtime::Duration wait_{};
};

}  // namespace gossip
