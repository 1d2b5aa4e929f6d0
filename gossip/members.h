#pragma once
// Who belongs to the run, in which state, and how far each has come.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gossip/peer_list.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"

namespace gossip {

// In order of gravity. A suspect has not answered, and is a living member until it is found dead.
enum class MemberState : std::uint8_t { kAlive, kSuspect, kDead, kLeft };
[[nodiscard]] std::string_view to_string(MemberState state);  // "suspect"

// What a peer is up to. A peer that is done goes on mixing until everybody is; then all settle,
// stop pushing, and leave once nothing is under way. The order matters: a peer never goes back.
enum class Phase : std::uint8_t { kTraining, kMixing, kSettling, kDraining, kDrained };
[[nodiscard]] std::string_view to_string(Phase phase);  // "training"

// What every heartbeat says of its sender.
struct Progress {
  Phase phase = Phase::kTraining;
  std::uint64_t step = 0;
  double step_seconds = 0.0;  // mean time of a step; 0: none taken yet
  std::uint64_t round = 0;    // pushes so far
};

class Members {
 public:
  Members(runtime::PeerId self, PeerList all, runtime::Instant now);  // `all` includes self

  [[nodiscard]] std::span<const runtime::PeerId> all() const {
    return all_.span();
  }  // sorted, self included
  [[nodiscard]] std::span<const runtime::PeerId> living() const {
    return living_.span();
  }  // sorted, self included
  [[nodiscard]] const PeerList& living_list() const { return living_; }
  [[nodiscard]] MemberState state(runtime::PeerId peer) const;
  [[nodiscard]] bool contains(runtime::PeerId peer) const;
  [[nodiscard]] bool is_living(runtime::PeerId peer) const { return living_.contains(peer); }
  [[nodiscard]] Progress progress(runtime::PeerId peer) const;  // the furthest heard of
  // The last sign of life of another member; at first the start.
  [[nodiscard]] runtime::Instant heard_at(runtime::PeerId peer) const;

  // Since when it has not come further, in steps or in phase; at first the start.
  [[nodiscard]] runtime::Instant moved_at(runtime::PeerId peer) const;

  // For a member. Of one that is dead or has left these change nothing: only joined() brings it
  // back.
  void heard(runtime::PeerId peer, runtime::Instant now);
  void heard(runtime::PeerId peer, const Progress& progress, runtime::Instant now);
  // By another, that it has come so far.
  void told(runtime::PeerId peer, Phase phase, std::uint64_t round, runtime::Instant now);
  void heard_round(runtime::PeerId peer, std::uint64_t round);  // a parcel of that round came
  void suspected(runtime::PeerId peer);
  void trusted(runtime::PeerId peer);  // a suspect, again
  void died(runtime::PeerId peer);
  void left(runtime::PeerId peer);
  // A new member, or one that is dead or has left and starts again.
  void joined(runtime::PeerId peer, runtime::Instant now);

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
    runtime::Instant moved_at{};
    Progress progress;
    bool round_known = false;
  };
  static constexpr std::size_t kPhaseCount = static_cast<std::size_t>(Phase::kDrained) + 1;

  [[nodiscard]] Member& record(runtime::PeerId peer);
  [[nodiscard]] std::size_t& count_in(Phase phase) {
    return others_in_[static_cast<std::size_t>(phase)];
  }
  void become(runtime::PeerId peer, MemberState from, MemberState to);
  void remove(runtime::PeerId peer, MemberState state);

  runtime::PeerId self_;
  runtime::Instant start_;
  PeerList all_;
  PeerList living_;
  std::map<runtime::PeerId, Member> records_;         // of those whom there is something to say of
  std::array<std::size_t, kPhaseCount> others_in_{};  // living others, by the phase last heard of
};

}  // namespace gossip
