#pragma once
// Work for a device that is queued as one, again and again, instead of call by call.

namespace kernels {

// What a Backend has recorded. Of the backend, which must outlive it; one thread at a time, its.
class Recording {
 public:
  Recording() = default;
  virtual ~Recording() = default;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // Queues all of it, on the numbers that lie in its views by then. False, and nothing queued,
  // where it is no good any more: what the backend itself works with, as memory, has moved.
  [[nodiscard]] virtual bool queue() = 0;
};

}  // namespace kernels
