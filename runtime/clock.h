#pragma once
// Time as an input. Nothing below the driver asks for it: decisions take an Instant, and only
// whoever owns the clock (a driver, the simulator) reads one.

#include <chrono>

namespace runtime {

using Duration = std::chrono::nanoseconds;

// The time line of one process: monotonic, its zero unspecified. Instants of two machines are never
// compared.
struct Timeline {
  using duration = Duration;
  using rep = Duration::rep;
  using period = Duration::period;
  using time_point = std::chrono::time_point<Timeline>;
  static constexpr bool is_steady = true;
};
using Instant = Timeline::time_point;

[[nodiscard]] constexpr double to_seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}
[[nodiscard]] constexpr Duration from_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
};

// The machine's monotonic clock. Safe from any thread.
class WallClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
};

}  // namespace runtime
