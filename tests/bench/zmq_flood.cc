// A ZeroMQ program that is no peer, and talks: garbage of one to three frames, so many messages a
// second, from a connection that says whose it is like a peer's and from one that does not.
// scripts/flood runs it.
//
//   zmq_flood ENDPOINT SECONDS MESSAGES_PER_SECOND SEED
//
// Prints how many messages ZeroMQ took, and how many it had no room for. A stopped reader takes
// none: that is the receiver's way of bounding its memory.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <vector>
#include <zmq.hpp>

namespace {

constexpr std::size_t kKinds = 1000;
constexpr std::size_t kBytesMax = 300;
constexpr std::size_t kFramesMax = 3;

using Random = std::mt19937_64;
using Frames = std::vector<std::string>;

std::vector<Frames> garbage(Random& random) {
  std::vector<Frames> messages(kKinds);
  for (Frames& frames : messages) {
    frames.resize(1 + random() % kFramesMax);
    for (std::string& frame : frames) {
      frame.resize(random() % kBytesMax);
      for (char& byte : frame) byte = static_cast<char>(random() % 256);
    }
  }
  return messages;
}

// Whether there was room.
bool send(zmq::socket_t& socket, const Frames& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto more = i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
    if (!socket.send(zmq::buffer(frames[i]), more | zmq::send_flags::dontwait)) return false;
  }
  return true;
}

struct Flood {
  std::uint64_t taken = 0;
  std::uint64_t no_room = 0;
};

Flood flood(const std::string& endpoint, double seconds, double per_second, std::uint64_t seed) {
  Random random(seed);
  const std::vector<Frames> messages = garbage(random);
  zmq::context_t context;
  zmq::socket_t stranger(context, zmq::socket_type::dealer);
  zmq::socket_t pretender(context, zmq::socket_type::dealer);
  pretender.set(zmq::sockopt::routing_id, "p12345678");
  for (zmq::socket_t* socket : {&stranger, &pretender}) {
    socket->set(zmq::sockopt::linger, 0);
    socket->connect(endpoint);
  }
  Flood done;
  const auto begin = std::chrono::steady_clock::now();
  for (double now = 0.0; now < seconds;) {
    now = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto due = static_cast<std::uint64_t>(now * per_second);
    while (done.taken + done.no_room < due) {
      zmq::socket_t& socket = random() % 2 == 0 ? stranger : pretender;
      ++(send(socket, messages[random() % kKinds]) ? done.taken : done.no_room);
    }
    zmq_poll(nullptr, 0, 1);  // until more are due
  }
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() != 5) {
    std::fputs("zmq_flood: expected ENDPOINT SECONDS MESSAGES_PER_SECOND SEED\n", stderr);
    return 2;
  }
  const Flood done = flood(arguments[1], std::atof(arguments[2]), std::atof(arguments[3]),
                           std::strtoull(arguments[4], nullptr, 10));
  std::printf("{\"taken\": %llu, \"no_room\": %llu}\n", static_cast<unsigned long long>(done.taken),
              static_cast<unsigned long long>(done.no_room));
  return 0;
}
