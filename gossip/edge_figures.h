#pragma once
// What there is to say of what passes between this peer and one other, for whoever asks.

#include <cstddef>

#include "gossip/recent_rate.h"
#include "gossip/recent_values.h"
#include "runtime/clock.h"

namespace gossip {

struct EdgeFigures {
  static constexpr std::size_t kValuesMax = 128;

  explicit EdgeFigures(runtime::Instant now) : bytes_sent(now), bytes_received(now) {}

  RecentRate bytes_sent;
  RecentRate bytes_received;
  RecentValues age_rounds{kValuesMax};
  RecentValues round_trip_seconds{kValuesMax};
};

}  // namespace gossip
