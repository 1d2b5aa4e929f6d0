#pragma once
// How much a second, lately.

#include <cmath>

#include "runtime/clock.h"

namespace gossip {

// An amount counts for less the longer ago it was: by a factor e every kMemory. What flows evenly
// has its rate from the first moment on.
class RecentRate {
 public:
  static constexpr runtime::Duration kMemory{5'000'000'000};

  explicit RecentRate(runtime::Instant now) : since_(now), at_(now) {}

  void add(double amount, runtime::Instant now) {
    held_ = held_at(now) + amount;
    at_ = now;
  }
  [[nodiscard]] double per_second(runtime::Instant now) const {
    const double seconds = runtime::to_seconds(kMemory) * (1.0 - kept(now - since_));
    return seconds > 0.0 ? held_at(now) / seconds : 0.0;
  }

 private:
  [[nodiscard]] static double kept(runtime::Duration span) {
    return std::exp(-runtime::to_seconds(span) / runtime::to_seconds(kMemory));
  }
  [[nodiscard]] double held_at(runtime::Instant now) const { return held_ * kept(now - at_); }

  runtime::Instant since_;
  runtime::Instant at_;
  double held_ = 0.0;
};

}  // namespace gossip
