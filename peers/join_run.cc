#include "peers/join_run.h"

#include <string>
#include <utility>

namespace peers {
namespace {

using gossip::Joining;

constexpr runtime::Duration kPatience{20'000'000};
constexpr runtime::Duration kSilenceMax{5'000'000'000};
// Where only beacons lead: nobody answers for so long, and others are looked for.
constexpr runtime::Duration kAnswerMax{10'000'000'000};
constexpr std::size_t kTriedMax = 64;  // addresses, a connection each

class JoinRun {
 public:
  JoinRun(const gossip::JoiningOptions& options, const JoinParts& parts)
      : parts_(parts),
        newcomer_(options, *parts.layout),
        since_(parts.clock->now()),
        by_beacon_(parts.beacons != nullptr && options.seeds.empty()),
        heard_at_(since_) {}

  runtime::Result<Joined> run() {
    while (!parts_.stop->requested() && !deserted()) {
      look_for_beacons();
      if (joining().state() == Joining::State::kRejected) {
        if (!by_beacon_) return runtime::Error{"not let in: " + joining().reason()};
        parts_.log->warn("not let in where a beacon led: {}", joining().reason());
        break;
      }
      if (joining().state() == Joining::State::kReady) return newcomer_.joined();
      if (joining().state() == Joining::State::kBegins) {
        newcomer_.hang_up(*parts_.transport);
        return Joined{.begins = true};
      }
      if (auto said = newcomer_.talk(*parts_.transport, parts_.clock->now()); !said)
        return said.error();
      parts_.transport->wait(kPatience);
      const runtime::Instant now = parts_.clock->now();
      if (newcomer_.listen(*parts_.transport, now)) heard_at_ = now;
      mention_silence();
    }
    newcomer_.hang_up(*parts_.transport);
    return Joined{};
  }

 private:
  [[nodiscard]] Joining& joining() { return newcomer_.joining(); }

  // Those whom a beacon names are tried until one answers.
  void look_for_beacons() {
    if (parts_.beacons == nullptr || joining().state() != Joining::State::kKnocking) return;
    const runtime::Instant now = parts_.clock->now();
    if (now < parts_.beacons->next_turn()) return;
    gossip::Discovery& discovery = parts_.beacons->discovery();
    discovery.admit_only(parts_.transport->authorized_keys());
    parts_.beacons->turn(now);
    for (const gossip::Discovery::Found& found : discovery.found(now))
      if (tried_ < kTriedMax && joining().add_seed(found.address)) {
        ++tried_;
        parts_.log->info("a peer of this run says that it is at {}", found.address.control);
      }
  }
  // Nobody was named by the user, and of those who said that they were there nobody has answered,
  // or goes on answering.
  [[nodiscard]] bool deserted() {
    if (!by_beacon_) return false;
    const runtime::Instant now = parts_.clock->now();
    if (now - heard_at_ >= kAnswerMax) return true;
    return joining().state() == Joining::State::kKnocking &&
           parts_.beacons->discovery().found(now).empty();
  }

  // It goes on all the same: somebody may yet start there, or authorize this peer's key; or of
  // those that wait one begins.
  void mention_silence() {
    if (silence_mentioned_ || joining().state() != Joining::State::kKnocking) return;
    if (parts_.clock->now() - since_ < kSilenceMax) return;
    silence_mentioned_ = true;
    if (const std::size_t waiting = joining().others_waiting(); waiting > 0)
      parts_.log->warn(
          "nobody of the run answers, but {} others wait to be let in as this peer does", waiting);
    const std::string& key = parts_.transport->address().key;
    parts_.log->warn(
        "nobody has answered yet; is a peer of this run at that address{}?",
        key.empty() ? ", and its security.mode \"none\", too"
                    : ", is its key in security.authorized here, and " + key + " in that of it");
  }

  JoinParts parts_;
  Newcomer newcomer_;
  runtime::Instant since_;
  bool silence_mentioned_ = false;
  bool by_beacon_;
  std::size_t tried_ = 0;  // of beacons
  runtime::Instant heard_at_;
};

}  // namespace

runtime::Result<Joined> join_run(const gossip::JoiningOptions& options, const JoinParts& parts) {
  return JoinRun(options, parts).run();
}

}  // namespace peers
