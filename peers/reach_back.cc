#include "peers/reach_back.h"

#include <array>
#include <random>
#include <span>
#include <variant>
#include <vector>

#include "gossip/layout.h"
#include "runtime/advertise.h"
#include "runtime/zmq_transport.h"

namespace peers {
namespace {

using runtime::Channel;
using runtime::Instant;

constexpr runtime::Duration kKnockEvery{250'000'000};
constexpr runtime::Duration kLookEvery{20'000'000};

// Of no peer, with all but certainty.
runtime::PeerId drawn_id() {
  std::random_device device;
  return runtime::PeerId{(std::uint64_t{device()} << 32U) | device()};
}

// Whether the peer has said anything to us as to one who would join.
bool hears(runtime::ZmqTransport& transport, const gossip::Terms& terms, runtime::PeerId peer) {
  std::array<runtime::Delivery, 8> arrived;
  const std::size_t count = transport.receive(arrived);
  for (const runtime::Delivery& delivery : std::span(arrived).first(count)) {
    const auto decoded = gossip::decode(delivery, terms);
    const auto* message = std::get_if<gossip::Message>(&decoded);
    if (message == nullptr || message->from.id != peer) continue;
    if (std::holds_alternative<gossip::Roster>(message->body)) return true;
    if (std::holds_alternative<gossip::Rejection>(message->body)) return true;
  }
  return false;
}

}  // namespace

runtime::Result<ReachBack> reach_back(const ReachBackOptions& options) {
  const gossip::Sender self{
      .id = drawn_id(), .incarnation = 1, .fingerprint = options.peer.fingerprint};
  auto opened = runtime::ZmqTransport::open({.self = self.id,
                                             .listen = options.listen,
                                             .message_bytes_max = gossip::kHeaderBytesMax,
                                             .control_bytes_max = gossip::kHeaderBytesMax,
                                             .linger = runtime::Duration::zero(),
                                             .curve = options.curve});
  if (!opened) return opened.error();
  runtime::ZmqTransport& transport = **opened;
  const auto address = runtime::advertised(transport.address(), "");
  if (!address) return address.error();
  runtime::Address there = options.report.self.address;
  there.control = options.endpoint;  // which answers; the one that it tells others may not
  if (auto dialled = transport.connect(options.peer.id, there); !dialled) return dialled.error();

  const gossip::Hello hello{
      .self = {.id = self.id, .incarnation = 1, .name = "doctor", .address = *address},
      .terms = options.report.terms};
  const auto said = gossip::encode(self, hello);
  const gossip::BlockLayout layout(1, sizeof(float), kernels::Scalar::kF32);
  const gossip::Terms terms{.fingerprint = self.fingerprint, .layout = &layout, .weight_max = 1.0};
  const runtime::WallClock clock;
  const Instant begin = clock.now();
  std::optional<Instant> knocked_at;
  for (Instant now = begin; now - begin < options.patience; now = clock.now()) {
    const bool due = !knocked_at || now - *knocked_at >= kKnockEvery;
    if (due && transport.send(options.peer.id, Channel::kControl, said) == runtime::Sent::kQueued)
      knocked_at = now;
    transport.wait(kLookEvery);
    if (hears(transport, terms, options.peer.id))
      return ReachBack{address->control, true, runtime::to_seconds(clock.now() - begin)};
  }
  return ReachBack{address->control, false, runtime::to_seconds(clock.now() - begin)};
}

}  // namespace peers
