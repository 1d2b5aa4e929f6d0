#include "peers/beacons.h"

#include <poll.h>

#include <chrono>
#include <utility>

namespace peers {
namespace {

using State = gossip::Discovery::State;

constexpr runtime::Duration kTurnEvery{100'000'000};
// What comes in one turn; the rest waits in the system's queue, which is bounded.
constexpr int kDatagramsMax = 256;

}  // namespace

runtime::Result<std::unique_ptr<Beacons>> Beacons::open(const gossip::Discovery::Options& options,
                                                        std::uint16_t port, runtime::Instant now) {
  auto socket = runtime::BeaconSocket::open({.port = port, .local_only = options.local_only});
  if (!socket) return runtime::Error{"membership.beacon_port: " + socket.error().message};
  return std::unique_ptr<Beacons>(new Beacons(options, now, std::move(socket).value()));
}

void Beacons::turn(runtime::Instant now) {
  turn_at_ = now + kTurnEvery;
  for (int i = 0; i < kDatagramsMax; ++i) {
    const std::vector<std::byte> datagram = socket_->receive(gossip::kBeaconBytesMax);
    if (datagram.empty()) break;
    discovery_.hear(datagram, now);
  }
  // One that got nowhere is not worth more than the next.
  if (const auto beacon = discovery_.take_beacon(now)) static_cast<void>(socket_->send(*beacon));
}

State Beacons::seek(const runtime::Clock& clock, const runtime::StopSignal& stop) {
  while (true) {
    const runtime::Instant now = clock.now();
    turn(now);
    const State state = discovery_.state(now);
    if (state != State::kSeeking || stop.requested()) return state;
    // Not for beacons: however many come, they are looked at so often and no more.
    pollfd ready{.fd = stop.descriptor(), .events = POLLIN, .revents = 0};
    static_cast<void>(
        ::poll(&ready, 1, static_cast<int>(kTurnEvery / std::chrono::milliseconds(1))));
  }
}

}  // namespace peers
