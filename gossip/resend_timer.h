#pragma once
// How long to wait for word of a parcel before it is sent again: a deadline by what parcels took
// lately. What was sent again says nothing of that, since word may be of either copy (Karn and
// Partridge 1987); the wait may have been too short, and as long as it took is waited until more is
// known.

#include <algorithm>

#include "gossip/membership/round_trips.h"
#include "runtime/clock.h"

namespace gossip {

class ResendTimer {
 public:
  void arrived_after(runtime::Duration span) {
    arrivals_.add(span);
    late_ = {};
  }
  // The same of what had been sent again meanwhile.
  void came_late(runtime::Duration span) { late_ = std::max(late_, span); }

  [[nodiscard]] runtime::Duration wait() const {  // zero: nothing is known
    return arrivals_.deadline(late_);
  }

 private:
  RoundTrips arrivals_;
  runtime::Duration late_{};  // since the last that was not sent again
};

}  // namespace gossip
