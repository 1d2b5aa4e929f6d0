#pragma once
// Who is alive: heard of lately, said goodbye, or silent for too long.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "gossip/peer_list.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"

namespace gossip {

enum class MemberState : std::uint8_t { kAlive, kDead, kLeft };

// What a peer is up to. A peer that is done goes on mixing until everybody is; then all settle,
// stop pushing, and leave once nothing is under way. The order matters: a peer never goes back.
enum class Phase : std::uint8_t { kTraining, kMixing, kSettling, kDraining, kDrained };

// What every heartbeat says of its sender.
struct Progress {
  Phase phase = Phase::kTraining;
  std::uint64_t step = 0;
  double step_seconds = 0.0;  // mean time of a step; 0: none taken yet
  std::uint64_t round = 0;    // pushes so far
};

class Members {
 public:
  // For `silence_max`: nobody is taken for dead, however silent (within 70 years).
  static constexpr runtime::Duration kForEver = runtime::Duration::max() / 4;

  // `all` includes self. `silence_max`: a peer not heard of for so long is dead.
  Members(runtime::PeerId self, PeerList all, runtime::Duration silence_max, runtime::Instant now);

  [[nodiscard]] std::span<const runtime::PeerId> all() const {
    return all_.span();
  }  // sorted, self included
  [[nodiscard]] std::span<const runtime::PeerId> living() const {
    return living_.span();
  }  // sorted, self included
  [[nodiscard]] MemberState state(runtime::PeerId peer) const;
  [[nodiscard]] bool contains(runtime::PeerId peer) const;
  [[nodiscard]] Progress progress(runtime::PeerId peer) const;  // the furthest heard of
  // Since the last sign of life of another member, as of the last tick.
  [[nodiscard]] runtime::Duration silence(runtime::PeerId peer) const;
  [[nodiscard]] runtime::Duration silence_max() const { return silence_max_; }
  [[nodiscard]] runtime::Instant ticked_at() const { return ticked_at_; }  // at first: the start

  // For a member. Of one that is dead or has left they change nothing: only joined() brings it
  // back.
  void heard(runtime::PeerId peer, runtime::Instant now);
  void heard(runtime::PeerId peer, const Progress& progress, runtime::Instant now);
  void heard_round(runtime::PeerId peer, std::uint64_t round);  // a parcel of that round came
  void left(runtime::PeerId peer);
  // A new member, or one that is dead or has left and starts again.
  void joined(runtime::PeerId peer, runtime::Instant now);

  // Who has just died of silence. A gap in our own ticks longer than half of silence_max proves
  // nothing about the others (we were frozen): it restarts everybody's clock.
  [[nodiscard]] std::vector<runtime::PeerId> tick(runtime::Instant now);

  // Whether every living peer other than self has reached `phase`. Who is dead or has left does not
  // count.
  [[nodiscard]] bool others_reached(Phase phase) const;

  // The fewest rounds that any of the others, alive and in training, is known to have made. Empty:
  // none is known of.
  [[nodiscard]] std::optional<std::uint64_t> slowest_round() const;

 private:
  struct Member {
    MemberState state = MemberState::kAlive;
    runtime::Instant heard_at{};
    Progress progress;
    bool round_known = false;
  };
  static constexpr std::size_t kPhaseCount = static_cast<std::size_t>(Phase::kDrained) + 1;

  [[nodiscard]] Member& record(runtime::PeerId peer);
  [[nodiscard]] std::size_t& count_in(Phase phase) {
    return others_in_[static_cast<std::size_t>(phase)];
  }
  void remove(runtime::PeerId peer, MemberState state);

  runtime::PeerId self_;
  runtime::Duration silence_max_;
  runtime::Instant ticked_at_;
  runtime::Instant heard_from_;  // counts as the last sign of life of who gave none since
  runtime::Instant check_at_;    // nobody can have been silent for too long before
  PeerList all_;
  PeerList living_;
  std::map<runtime::PeerId, Member> records_;         // of those whom there is something to say of
  std::array<std::size_t, kPhaseCount> others_in_{};  // living others, by the phase last heard of
};

}  // namespace gossip
