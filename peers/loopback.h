#pragma once
// How fast the transport is on this machine, with nothing but itself at both ends.

#include "runtime/clock.h"
#include "runtime/result.h"

namespace peers {

struct LoopbackSpeed {
  double bytes_per_second = 0.0;    // one way, in messages of 1 MiB
  double round_trip_seconds = 0.0;  // of a small message, median
};

// Takes `span` and a moment. Refused: no port can be had, or nothing comes through.
[[nodiscard]] runtime::Result<LoopbackSpeed> measure_loopback(runtime::Duration span);

}  // namespace peers
