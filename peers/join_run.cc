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
// Where only beacons lead: nobody answers for so long, and others are looked for.
constexpr runtime::Duration kAnswerMax{10'000'000'000};
constexpr std::size_t kTriedMax = 64;  // addresses, a connection each

class Newcomer {
 public:
  Newcomer(const gossip::JoiningOptions& options, const JoinParts& parts)
      : parts_(parts),
        joining_(options, *parts.layout),
        since_(parts.clock->now()),
        by_beacon_(parts.beacons != nullptr && options.seeds.empty()),
        seeds_(options.seeds.size()),
        heard_at_(since_),
        terms_{.fingerprint = options.sender.fingerprint,
               .layout = parts.layout,
               .weight_max = std::numeric_limits<double>::max()} {}

  runtime::Result<Joined> run() {
    while (!parts_.stop->requested() && !deserted()) {
      look_for_beacons();
      joining_.tick(parts_.clock->now());
      if (joining_.state() == Joining::State::kRejected) {
        if (!by_beacon_) return runtime::Error{"not let in: " + joining_.reason()};
        parts_.log->warn("not let in where a beacon led: {}", joining_.reason());
        break;
      }
      if (joining_.state() == Joining::State::kReady) return joined();
      for (const runtime::PeerId gone : joining_.take_partings())
        parts_.transport->disconnect(gone);
      for (const auto& [peer, address] : joining_.take_dials()) {
        dialled_.push_back(peer);
        const auto dialled = parts_.transport->connect(peer, address);
        // Of those that others name, some may not be authorized here.
        if (!dialled && is_of_user(peer)) return dialled.error();
      }
      say();
      parts_.transport->wait(kPatience);
      listen();
      mention_silence();
    }
    for (const runtime::PeerId peer : dialled_) parts_.transport->disconnect(peer);
    return Joined{};
  }

 private:
  [[nodiscard]] bool is_of_user(runtime::PeerId seed) const {
    for (std::size_t i = 0; i < seeds_; ++i)
      if (seed == Joining::seed_id(i)) return true;
    return false;
  }

  // Those whom a beacon names are tried until one answers.
  void look_for_beacons() {
    if (parts_.beacons == nullptr || joining_.state() != Joining::State::kKnocking) return;
    const runtime::Instant now = parts_.clock->now();
    if (now < parts_.beacons->next_turn()) return;
    gossip::Discovery& discovery = parts_.beacons->discovery();
    discovery.admit_only(parts_.transport->authorized_keys());
    parts_.beacons->turn(now);
    for (const gossip::Discovery::Found& found : discovery.found(now))
      if (tried_ < kTriedMax && joining_.add_seed(found.address)) {
        ++tried_;
        parts_.log->info("a peer of this run says that it is at {}", found.address.control);
      }
  }
  // Nobody was named by the user, and of those who said that they were there nobody has answered,
  // or goes on answering.
  [[nodiscard]] bool deserted() const {
    if (!by_beacon_) return false;
    const runtime::Instant now = parts_.clock->now();
    if (now - heard_at_ >= kAnswerMax) return true;
    return joining_.state() == Joining::State::kKnocking &&
           parts_.beacons->discovery().found(now).empty();
  }

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
      const auto* message = std::get_if<gossip::Message>(&decoded);
      if (message == nullptr) continue;
      heard_at_ = parts_.clock->now();
      joining_.receive(*message, heard_at_);
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
  bool by_beacon_;
  std::size_t seeds_;      // of the user
  std::size_t tried_ = 0;  // of beacons
  runtime::Instant heard_at_;
  std::vector<runtime::PeerId> dialled_;
  gossip::Terms terms_;
  std::vector<Joining::Outgoing> unsent_;
};

}  // namespace

runtime::Result<Joined> join_run(const gossip::JoiningOptions& options, const JoinParts& parts) {
  return Newcomer(options, parts).run();
}

}  // namespace peers
