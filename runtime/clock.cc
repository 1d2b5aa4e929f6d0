#include "runtime/clock.h"

namespace runtime {

Instant WallClock::now() const {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace runtime
