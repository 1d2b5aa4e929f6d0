#pragma once
// A wish to stop, from Ctrl-C or from within.

#include <memory>

namespace runtime {

// A flag that goes up once and stays up. Copies share it. Any thread.
class StopSignal {
 public:
  StopSignal();  // listens to no signal: only request() raises it

  [[nodiscard]] bool requested() const;
  void request();
  // Becomes readable with the first request and stays so: for poll(). Lives as long as a copy of
  // this object.
  [[nodiscard]] int descriptor() const;

 private:
  friend StopSignal stop_on_sigint_or_sigterm();
  struct State;
  std::shared_ptr<State> state_;
};

// The first SIGINT or SIGTERM raises the flag, the second ends the process at once with status
// 130. SIGPIPE is ignored from here on: a reader that went away is a write error like any other.
// Called by the main thread, on whose stack the handler puts nothing: what it interrupts may use
// the stack pointer for something else. Once a process at a time; when the last copy goes, both
// signals act as they did by default.
[[nodiscard]] StopSignal stop_on_sigint_or_sigterm();

}  // namespace runtime
