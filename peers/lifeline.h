#pragma once

#include <thread>

#include "runtime/stop_signal.h"

namespace peers {

// Watches standard input on a thread of its own: its end means that the launcher is gone, and asks
// for a stop. No peer outlives its launcher, however that ended.
class Lifeline {
 public:
  explicit Lifeline(runtime::StopSignal stop);
  ~Lifeline();
  Lifeline(const Lifeline&) = delete;
  Lifeline& operator=(const Lifeline&) = delete;

 private:
  runtime::StopSignal stop_;
  runtime::StopSignal done_;
  std::thread thread_;
};

}  // namespace peers
