// Raw ZeroMQ as the peer of `murmur bench gossip`: two processes, a DEALER each way into the
// other's ROUTER, frames sent without a copy, nothing done with what arrives but counting it.
//
//   zmq_stream --transport tcp --bytes 44000000 --both

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "tests/bench/spread.h"

namespace {

struct Options {
  std::string transport = "tcp";
  std::size_t bytes = 44'000'000;  // each way, in one window
  std::size_t frame_bytes = 1 << 20;
  int windows = 25;
  bool both = false;
};

constexpr int kWindowsMax = 10'000;
constexpr int kWarmUps = 2;  // windows that do not count: connecting, faulting pages in

// One direction of the stream, seen by both processes. The sender stamps the start, the receiver
// the end: both read the same clock.
struct Way {
  char endpoint[256];
  double start[kWindowsMax];
  double end[kWindowsMax];
};

struct Shared {
  pthread_barrier_t bound;    // both processes know where to connect
  pthread_barrier_t senders;  // a window starts both ways at once
  Way ways[2];
};

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Shared* map_shared(unsigned senders) {
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* shared = static_cast<Shared*>(memory);
  pthread_barrierattr_t attributes;
  pthread_barrierattr_init(&attributes);
  pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared->bound, &attributes, 2);
  pthread_barrier_init(&shared->senders, &attributes, senders);
  return shared;
}

// One frame each way would do for an answer; the last part of a ROUTER's message is the payload.
void send_window(zmq::socket_t& dealer, const Options& options, std::vector<std::byte>& source) {
  for (std::size_t sent = 0; sent < options.bytes;) {
    const std::size_t size = std::min(options.frame_bytes, options.bytes - sent);
    zmq::message_t frame(source.data() + sent, size, [](void*, void*) {});
    dealer.send(frame, zmq::send_flags::none);
    sent += size;
  }
}

void send_all(zmq::context_t& context, const Options& options, Shared& shared, Way& way) {
  std::vector<std::byte> source(options.bytes, std::byte{1});
  zmq::socket_t dealer(context, zmq::socket_type::dealer);
  dealer.connect(way.endpoint);
  for (int window = 0; window < options.windows + kWarmUps; ++window) {
    pthread_barrier_wait(&shared.senders);
    way.start[window] = now_seconds();
    send_window(dealer, options, source);
    zmq::message_t done;
    (void)dealer.recv(done);
  }
}

void receive_all(zmq::socket_t& router, const Options& options, Way& way) {
  for (int window = 0; window < options.windows + kWarmUps; ++window) {
    zmq::message_t sender;
    zmq::message_t payload;
    for (std::size_t received = 0; received < options.bytes; received += payload.size()) {
      (void)router.recv(sender);
      (void)router.recv(payload);
    }
    way.end[window] = now_seconds();
    router.send(sender, zmq::send_flags::sndmore);
    router.send(zmq::message_t(), zmq::send_flags::none);
  }
}

// Process `self` receives way `self` and sends the other; without --both only process 1 receives.
void run_process(std::size_t self, const Options& options, Shared& shared) {
  const bool receives = options.both || self == 1;
  const bool sends = options.both || self == 0;
  zmq::context_t context;
  zmq::socket_t router(context, zmq::socket_type::router);
  Way& in = shared.ways[self];
  if (receives) {
    router.bind(options.transport == "tcp" ? "tcp://127.0.0.1:*" : "ipc://*");
    const std::string endpoint = router.get(zmq::sockopt::last_endpoint);
    std::memcpy(in.endpoint, endpoint.c_str(), endpoint.size() + 1);
  }
  pthread_barrier_wait(&shared.bound);
  std::thread receiver;
  if (receives) receiver = std::thread([&] { receive_all(router, options, in); });
  if (sends) send_all(context, options, shared, shared.ways[1 - self]);
  if (receiver.joinable()) receiver.join();
}

// All bytes that arrived, whichever way, by the time from the first start to the last end.
std::vector<double> gigabytes_per_second(const Options& options, const Shared& shared) {
  std::vector<double> speeds;
  for (int window = kWarmUps; window < options.windows + kWarmUps; ++window) {
    double start = shared.ways[1].start[window];
    double end = shared.ways[1].end[window];
    if (options.both) {
      start = std::min(start, shared.ways[0].start[window]);
      end = std::max(end, shared.ways[0].end[window]);
    }
    const double bytes = static_cast<double>(options.bytes) * (options.both ? 2 : 1);
    speeds.push_back(bytes / (end - start) / 1e9);
  }
  return speeds;
}

int run_both_processes(const Options& options, Shared& shared) {
  const pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run_process(1, options, shared);
    _exit(0);
  }
  run_process(0, options, shared);
  int status = 0;
  return waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("ZeroMQ's streaming speed between two processes");
  app.add_option("--transport", options.transport)->check(CLI::IsMember({"tcp", "ipc"}));
  app.add_option("--bytes", options.bytes, "each way, in one window")->check(CLI::PositiveNumber);
  app.add_option("--frame-bytes", options.frame_bytes)->check(CLI::PositiveNumber);
  app.add_option("--windows", options.windows)->check(CLI::Range(1, kWindowsMax - kWarmUps));
  app.add_flag("--both", options.both, "send both ways at once and count both");
  CLI11_PARSE(app, argc, argv);

  Shared* shared = map_shared(options.both ? 2 : 1);
  if (shared == nullptr || run_both_processes(options, *shared) != 0) {
    std::fputs("zmq_stream: could not run two processes\n", stderr);
    return 1;
  }
  const auto [major, minor, patch] = zmq::version();
  std::printf("{\"program\": \"ZeroMQ %d.%d.%d\", \"transport\": \"%s\", \"bytes\": %zu, ", major,
              minor, patch, options.transport.c_str(), options.bytes);
  std::printf("\"frame_bytes\": %zu, \"both\": %s, ", options.frame_bytes,
              options.both ? "true" : "false");
  bench::print_spread("gigabytes_per_second", gigabytes_per_second(options, *shared));
  std::puts("}");
  return 0;
}
