#pragma once
// What a MembershipWorld comes to: how soon the dead are noticed, and how often the living are
// taken for dead.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "tests/support/membership_world.h"

namespace test {

struct Detection {
  double suspected_seconds = 0.0;         // by the first who did; from the crash on
  std::optional<double> known_seconds{};  // to 99 in 100 of those who lived; none: not in time
};

template <typename Detector>
class MembershipTally {
 public:
  // `slow`: peers that stand still now and then.
  MembershipTally(MembershipWorld<Detector>& world, std::set<runtime::PeerId> slow)
      : world_(&world), slow_(std::move(slow)) {
    world.on_change = [this](const SeenChange& seen) { note(seen); };
  }

  // Said just before it does.
  void crashes(runtime::PeerId peer) {
    if (const auto before = crashes_.extract(peer); !before.empty())
      done_.push_back(before.mapped());
    crashes_[peer] = {.at = world_->now(), .living = world_->living().size() - 1};
  }

  [[nodiscard]] std::vector<Detection> detections() const {
    std::vector<Crash> all = done_;
    for (const auto& [peer, crash] : crashes_) all.push_back(crash);
    std::vector<Detection> found;
    for (Crash& crash : all) {
      if (!crash.suspected_at) continue;
      Detection detection{.suspected_seconds = seconds(*crash.suspected_at, crash.at)};
      const auto enough =
          static_cast<std::size_t>(std::ceil(0.99 * static_cast<double>(crash.living)));
      if (crash.known_at.size() >= enough)  // in the order in which they came to know
        detection.known_seconds = seconds(crash.known_at[enough - 1], crash.at);
      found.push_back(detection);
    }
    return found;
  }

  std::uint64_t wrong_suspicions = 0;  // of one that lives, by one that had no answer from it
  // Deaths of one that lives, as often as somebody came to believe it ...
  std::uint64_t wrong_deaths = 0;
  std::uint64_t wrong_deaths_of_healthy = 0;  // ... of one that never stood still
  std::uint64_t declared = 0;                 // ... by those whose own suspicion ran out
  std::uint64_t declared_of_healthy = 0;

 private:
  struct Crash {
    runtime::Instant at{};
    std::size_t living = 0;
    std::optional<runtime::Instant> suspected_at{};
    std::vector<runtime::Instant> known_at{};
  };
  static double seconds(runtime::Instant end, runtime::Instant begin) {
    return runtime::to_seconds(end - begin);
  }

  void note(const SeenChange& seen) {
    const gossip::Change& change = seen.change;
    const bool own = change.reason == gossip::Change::Reason::kNoAnswer;
    const bool healthy = !slow_.contains(change.peer);
    const bool lives = world_->is_alive(change.peer);
    if (change.state == gossip::MemberState::kSuspect && own && lives) ++wrong_suspicions;
    if (seen.wrong) {
      ++wrong_deaths;
      if (healthy) ++wrong_deaths_of_healthy;
      if (own) ++declared;
      if (own && healthy) ++declared_of_healthy;
    }
    const auto crash = crashes_.find(change.peer);
    if (lives || crash == crashes_.end()) return;
    std::optional<runtime::Instant>& suspected_at = crash->second.suspected_at;
    if (change.state == gossip::MemberState::kSuspect && own && !suspected_at)
      suspected_at = seen.at;
    if (change.state == gossip::MemberState::kDead) crash->second.known_at.push_back(seen.at);
  }

  MembershipWorld<Detector>* world_;
  std::set<runtime::PeerId> slow_;
  std::map<runtime::PeerId, Crash> crashes_;  // the last of each peer
  std::vector<Crash> done_;
};

}  // namespace test
