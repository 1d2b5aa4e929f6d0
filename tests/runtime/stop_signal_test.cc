#include "runtime/stop_signal.h"

#include <poll.h>

#include <csignal>
#include <optional>
#include <thread>

#include "tests/runtime/child_process.h"
#include "tests/support/catch.h"

using runtime::StopSignal;

namespace {

bool is_readable(int descriptor) {
  pollfd item{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&item, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a stop signal is down at first, and goes up for every copy") {
  StopSignal stop;
  const StopSignal copy = stop;
  REQUIRE_FALSE(copy.requested());
  REQUIRE_FALSE(is_readable(copy.descriptor()));
  stop.request();
  REQUIRE(copy.requested());
  REQUIRE(is_readable(copy.descriptor()));
  stop.request();
  REQUIRE(is_readable(copy.descriptor()));
}

TEST_CASE("a request reaches another thread") {
  StopSignal stop;
  std::thread other([stop] {
    pollfd item{.fd = stop.descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&item, 1, -1);
  });
  stop.request();
  other.join();
  REQUIRE(stop.requested());
}

TEST_CASE("the first signal asks for a graceful stop") {
  const int number = GENERATE(SIGINT, SIGTERM);
  const StopSignal stop = runtime::stop_on_sigint_or_sigterm();
  REQUIRE_FALSE(stop.requested());
  REQUIRE(std::raise(number) == 0);
  REQUIRE(stop.requested());
  REQUIRE(is_readable(stop.descriptor()));
}

TEST_CASE("a signal is taken on a stack of its own, not on that of whoever is interrupted") {
  const StopSignal stop = runtime::stop_on_sigint_or_sigterm();
  stack_t stack{};
  REQUIRE(::sigaltstack(nullptr, &stack) == 0);
  REQUIRE((stack.ss_flags & SS_DISABLE) == 0);
  REQUIRE(stack.ss_size >= static_cast<std::size_t>(MINSIGSTKSZ));
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    REQUIRE(::sigaction(number, nullptr, &action) == 0);
    CHECK((action.sa_flags & SA_ONSTACK) != 0);
  }
}

TEST_CASE("the second signal ends the process with 130") {
  const ChildEnd end = end_of_child([] {
    const StopSignal stop = runtime::stop_on_sigint_or_sigterm();
    std::raise(SIGINT);
    std::raise(SIGTERM);
  });
  REQUIRE(WIFEXITED(end.status));
  REQUIRE(WEXITSTATUS(end.status) == 130);
}

TEST_CASE("a request from within leaves the first Ctrl-C graceful") {
  const ChildEnd end = end_of_child([] {
    StopSignal stop = runtime::stop_on_sigint_or_sigterm();
    stop.request();
    std::raise(SIGINT);
  });
  REQUIRE(WIFEXITED(end.status));
  REQUIRE(WEXITSTATUS(end.status) == 0);
}

TEST_CASE("when the last copy has gone, a signal ends the process as usual") {
  const ChildEnd end = end_of_child([] {
    std::optional<StopSignal> stop = runtime::stop_on_sigint_or_sigterm();
    stop.reset();
    std::raise(SIGTERM);
  });
  REQUIRE(WIFSIGNALED(end.status));
  REQUIRE(WTERMSIG(end.status) == SIGTERM);
}

TEST_CASE("a reader that went away is an error, not a signal") {
  const ChildEnd end = end_of_child([] {
    const StopSignal stop = runtime::stop_on_sigint_or_sigterm();
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(1);
    ::close(ends[0]);
    ::_exit(::write(ends[1], "x", 1) < 0 && errno == EPIPE ? 7 : 1);
  });
  REQUIRE(WIFEXITED(end.status));
  REQUIRE(WEXITSTATUS(end.status) == 7);
}

TEST_CASE("two listeners to signals at a time are a bug") {
  const ChildEnd end = end_of_child([] {
    const StopSignal one = runtime::stop_on_sigint_or_sigterm();
    const StopSignal two = runtime::stop_on_sigint_or_sigterm();
  });
  REQUIRE(WIFSIGNALED(end.status));
  REQUIRE(WTERMSIG(end.status) == SIGABRT);
}
