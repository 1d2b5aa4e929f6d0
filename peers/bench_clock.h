#pragma once
// What the benches of single loops share.

#include <cstddef>

#include "runtime/clock.h"

namespace peers {

// Calls `work` again and again for about `seconds`; bytes a second, in gigabytes, where each call
// goes through `bytes`.
template <typename Work>
[[nodiscard]] double gigabytes_per_second(double seconds, std::size_t bytes, Work work) {
  const runtime::WallClock clock;
  const runtime::Instant begin = clock.now();
  const runtime::Instant end = begin + runtime::from_seconds(seconds);
  std::size_t calls = 0;
  runtime::Instant now = begin;
  for (; now < end; now = clock.now()) {
    work();
    ++calls;
  }
  return static_cast<double>(calls * bytes) * 1e-9 / runtime::to_seconds(now - begin);
}

}  // namespace peers
