#include "runtime/stop_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include "runtime/check.h"

namespace runtime {
namespace {

constexpr int kInterruptedStatus = 130;  // 128 + SIGINT, what a shell expects

// Generated code (oneDNN's matrix products) points the stack pointer into a heap block while it
// computes, and the frame of a handler put there would overwrite the blocks before it.
std::array<std::byte, std::size_t{64} << 10U> stack_of_handler{};

// For the calling thread. The system gives a signal to the main thread, unless that one blocks it.
void give_handlers_a_stack() {
  stack_t stack{};
  CHECK(::sigaltstack(nullptr, &stack) == 0);
  if ((stack.ss_flags & SS_DISABLE) == 0) return;  // a sanitizer has given it one
  stack = {.ss_sp = stack_of_handler.data(), .ss_flags = 0, .ss_size = stack_of_handler.size()};
  CHECK(::sigaltstack(&stack, nullptr) == 0);
}

}  // namespace

struct StopSignal::State {
  State() { CHECK(descriptor >= 0); }
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Safe in a signal handler: a lock-free store and a write.
  void request() {
    requested.store(true);
    const std::uint64_t one = 1;
    // Refused only when the counter is full, and then the descriptor is readable already.
    if (::write(descriptor, &one, sizeof one) < 0) return;
  }

  static void on_signal(int number);
  static void set_handler(void (*handler)(int));

  std::atomic<bool> requested{false};
  int descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

  // A signal handler is told nothing but the signal: this is how it finds the flag.
  static std::atomic<State*> listening;
  static std::atomic<int> signals_seen;
};

std::atomic<StopSignal::State*> StopSignal::State::listening{nullptr};
std::atomic<int> StopSignal::State::signals_seen{0};

void StopSignal::State::on_signal(int /*number*/) {
  if (signals_seen.fetch_add(1) > 0) ::_exit(kInterruptedStatus);
  const int errno_of_whoever_was_interrupted = errno;
  if (State* state = listening.load()) state->request();
  errno = errno_of_whoever_was_interrupted;
}

void StopSignal::State::set_handler(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  // poll() returns all the same; reads and writes need not.
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM}) CHECK(::sigaction(number, &action, nullptr) == 0);
}

StopSignal::State::~State() {
  State* self = this;
  if (listening.compare_exchange_strong(self, nullptr)) set_handler(SIG_DFL);
  ::close(descriptor);
}

StopSignal::StopSignal() : state_(std::make_shared<State>()) {}
bool StopSignal::requested() const { return state_->requested.load(); }
void StopSignal::request() { state_->request(); }
int StopSignal::descriptor() const { return state_->descriptor; }

StopSignal stop_on_sigint_or_sigterm() {
  StopSignal stop;
  StopSignal::State* nobody = nullptr;
  CHECK(StopSignal::State::listening.compare_exchange_strong(nobody, stop.state_.get()));
  StopSignal::State::signals_seen.store(0);
  give_handlers_a_stack();
  StopSignal::State::set_handler(StopSignal::State::on_signal);
  CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
  return stop;
}

}  // namespace runtime
