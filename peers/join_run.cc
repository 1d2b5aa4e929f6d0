#include "peers/join_run.h"

#include <array>
#include <limits>
#include <span>
#include <string>
#include <utility>

namespace peers {
namespace {

using gossip::Joining;

constexpr runtime::Duration kPatience{20'000'000};
constexpr runtime::Duration kSilenceMax{5'000'000'000};
constexpr std::size_t kUnsentMax = 64;

class Newcomer {
 public:
  Newcomer(const gossip::JoiningOptions& options, const JoinParts& parts)
      : parts_(parts),
        joining_(options, *parts.layout),
        since_(parts.clock->now()),
        terms_{.fingerprint = options.sender.fingerprint,
               .layout = parts.layout,
               .weight_max = std::numeric_limits<double>::max()} {}

  runtime::Result<Joined> run() {
    while (!parts_.stop->requested()) {
      joining_.tick(parts_.clock->now());
      if (joining_.state() == Joining::State::kRejected)
        return runtime::Error{"not let in: " + joining_.reason()};
      if (joining_.state() == Joining::State::kReady) return joined();
      for (const runtime::PeerId gone : joining_.take_partings())
        parts_.transport->disconnect(gone);
      for (const auto& [peer, address] : joining_.take_dials()) {
        const auto dialled = parts_.transport->connect(peer, address);
        // Of those that were named later, some may not be authorized here.
        if (!dialled && joining_.state() == Joining::State::kKnocking) return dialled.error();
      }
      say();
      parts_.transport->wait(kPatience);
      listen();
      mention_silence();
    }
    return Joined{};
  }

 private:
  // It goes on all the same: somebody may yet start there, or authorize this peer's key.
  void mention_silence() {
    if (silence_mentioned_ || joining_.state() != Joining::State::kKnocking) return;
    if (parts_.clock->now() - since_ < kSilenceMax) return;
    silence_mentioned_ = true;
    const std::string& key = parts_.transport->address().key;
    parts_.log->warn(
        "nobody has answered yet; is a peer of this run at that address{}?",
        key.empty() ? ", and its security.mode \"none\", too"
                    : ", is its key in security.authorized here, and " + key + " in that of it");
  }

  // What finds no room, because the other side has not answered the dial yet, waits.
  void say() {
    for (Joining::Outgoing& message : joining_.take_messages())
      unsent_.push_back(std::move(message));
    std::erase_if(unsent_, [this](const Joining::Outgoing& message) {
      return parts_.transport->send(message.to, runtime::Channel::kControl, message.frames) ==
             runtime::Sent::kQueued;
    });
    if (unsent_.size() > kUnsentMax) unsent_.clear();
  }

  void listen() {
    std::array<runtime::Delivery, 16> deliveries;
    const std::size_t count = parts_.transport->receive(deliveries);
    for (const runtime::Delivery& delivery : std::span(deliveries).first(count)) {
      const auto decoded = gossip::decode(delivery, terms_);
      if (const auto* message = std::get_if<gossip::Message>(&decoded))
        joining_.receive(*message, parts_.clock->now());
    }
  }

  Joined joined() {
    const kernels::ConstView z = joining_.estimate();
    const auto* const bytes = static_cast<const std::byte*>(z.data());
    return {.contacts = joining_.contacts(),
            .numbers = {bytes, bytes + z.bytes()},
            .scalar = z.scalar(),
            .step = joining_.progress().step};
  }

  JoinParts parts_;
  Joining joining_;
  runtime::Instant since_;
  bool silence_mentioned_ = false;
  gossip::Terms terms_;
  std::vector<Joining::Outgoing> unsent_;
};

}  // namespace

runtime::Result<Joined> join_run(const gossip::JoiningOptions& options, const JoinParts& parts) {
  return Newcomer(options, parts).run();
}

}  // namespace peers
