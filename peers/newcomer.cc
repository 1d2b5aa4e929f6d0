#include "peers/newcomer.h"

#include <array>
#include <limits>
#include <span>
#include <utility>
#include <variant>

namespace peers {
namespace {

using gossip::Joining;

constexpr std::size_t kUnsentMax = 64;

}  // namespace

Newcomer::Newcomer(const gossip::JoiningOptions& options, const gossip::BlockLayout& layout)
    : joining_(options, layout),
      seeds_given_(options.seeds.size()),
      terms_{.fingerprint = options.sender.fingerprint,
             .layout = &layout,
             .weight_max = std::numeric_limits<double>::max()} {}

bool Newcomer::was_given(runtime::PeerId seed) const {
  for (std::size_t i = 0; i < seeds_given_; ++i)
    if (seed == Joining::seed_id(i)) return true;
  return false;
}

// What finds no room, because the other side has not answered the dial yet, waits.
runtime::Status Newcomer::talk(runtime::Transport& transport, runtime::Instant now) {
  joining_.tick(now);
  for (const runtime::PeerId gone : joining_.take_partings()) transport.disconnect(gone);
  for (const auto& [peer, address] : joining_.take_dials()) {
    dialled_.push_back(peer);
    const runtime::Status dialled = transport.connect(peer, address);
    if (!dialled && was_given(peer)) return dialled.error();
  }
  for (Joining::Outgoing& message : joining_.take_messages()) unsent_.push_back(std::move(message));
  std::erase_if(unsent_, [&](const Joining::Outgoing& message) {
    return transport.send(message.to, runtime::Channel::kControl, message.frames) ==
           runtime::Sent::kQueued;
  });
  if (unsent_.size() > kUnsentMax) unsent_.clear();
  return {};
}

bool Newcomer::listen(runtime::Transport& transport, runtime::Instant now) {
  std::array<runtime::Delivery, 16> deliveries;
  const std::size_t count = transport.receive(deliveries);
  bool heard = false;
  for (const runtime::Delivery& delivery : std::span(deliveries).first(count)) {
    const auto decoded = gossip::decode(delivery, terms_);
    const auto* message = std::get_if<gossip::Message>(&decoded);
    if (message == nullptr) continue;
    heard = true;
    joining_.receive(*message, now);
  }
  return heard;
}

void Newcomer::hang_up(runtime::Transport& transport) {
  for (const runtime::PeerId peer : std::exchange(dialled_, {})) transport.disconnect(peer);
}

Joined Newcomer::joined() const {
  const kernels::ConstView z = joining_.estimate();
  const auto* const bytes = static_cast<const std::byte*>(z.data());
  return {.contacts = joining_.contacts(),
          .numbers = {bytes, bytes + z.bytes()},
          .scalar = z.scalar(),
          .step = joining_.progress().step};
}

}  // namespace peers
