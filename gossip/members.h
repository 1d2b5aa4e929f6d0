#pragma once
// Who is alive, for a run with a fixed list of members: heard of lately, said goodbye, or silent
// for too long. (Dynamic membership, SWIM, takes this place.)

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

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
  // `all` includes self. `silence_max`: a peer not heard of for so long is dead.
  Members(runtime::PeerId self, std::vector<runtime::PeerId> all, runtime::Duration silence_max,
          runtime::Instant now);

  [[nodiscard]] std::span<const runtime::PeerId> all() const {
    return all_;
  }  // sorted, self included
  [[nodiscard]] std::span<const runtime::PeerId> living() const {
    return living_;
  }  // sorted, self included
  [[nodiscard]] MemberState state(runtime::PeerId peer) const;
  [[nodiscard]] bool contains(runtime::PeerId peer) const;
  [[nodiscard]] Progress progress(runtime::PeerId peer) const;  // the furthest heard of
  [[nodiscard]] runtime::Duration silence_max() const { return silence_max_; }
  [[nodiscard]] runtime::Instant ticked_at() const { return ticked_at_; }  // at first: the start

  // For a member. Of one that is dead or has left they change nothing: nobody comes back.
  void heard(runtime::PeerId peer, runtime::Instant now);
  void heard(runtime::PeerId peer, const Progress& progress, runtime::Instant now);
  void heard_round(runtime::PeerId peer, std::uint64_t round);  // a parcel of that round came
  void left(runtime::PeerId peer);

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
  void remove(runtime::PeerId peer, MemberState state);

  runtime::PeerId self_;
  runtime::Duration silence_max_;
  runtime::Instant ticked_at_;
  std::vector<runtime::PeerId> all_;
  std::vector<runtime::PeerId> living_;
  std::map<runtime::PeerId, Member> members_;
};

}  // namespace gossip
