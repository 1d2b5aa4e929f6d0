#pragma once
// A copy between a device and the host beside what the device computes meanwhile.

namespace kernels {

// Begun by Backend::copy_out() or copy_in(). Until wait() has returned the host's memory is the
// copy's; whoever drops it before has seen to that in another way.
class Copy {
 public:
  Copy() = default;
  virtual ~Copy() = default;
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  virtual void wait() = 0;  // on the host; any thread, also beside the one that uses the device
  virtual void join() = 0;  // the device, before what is queued from now on; the device's thread
};

// One that was made at once.
class Copied final : public Copy {
 public:
  void wait() override {}
  void join() override {}
};

}  // namespace kernels
