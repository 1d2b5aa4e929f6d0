#include "peers/lifeline.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace peers {
namespace {

// Waits for the end of standard input, or for `done`. Whatever else is said there is not for us.
void watch(runtime::StopSignal stop, const runtime::StopSignal& done) {
  std::array<pollfd, 2> ends{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{done.descriptor(), POLLIN, 0}};
  while (true) {
    if (::poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) return;
    if (done.requested()) return;
    if (ends[0].revents == 0) continue;
    std::array<char, 256> ignored{};
    const ssize_t count = ::read(STDIN_FILENO, ignored.data(), ignored.size());
    if (count > 0 || (count < 0 && errno == EINTR)) continue;
    stop.request();
    return;
  }
}

}  // namespace

Lifeline::Lifeline(runtime::StopSignal stop)
    : stop_(std::move(stop)), thread_([this] { watch(stop_, done_); }) {}

Lifeline::~Lifeline() {
  done_.request();
  thread_.join();
}

}  // namespace peers
