#include "gossip/members.h"

#include <algorithm>
#include <utility>

#include "runtime/check.h"

namespace gossip {

std::string_view to_string(MemberState state) {
  switch (state) {
    case MemberState::kAlive:
      return "alive";
    case MemberState::kSuspect:
      return "suspect";
    case MemberState::kDead:
      return "dead";
    case MemberState::kLeft:
      return "left";
  }
  CHECK(false);
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::kTraining:
      return "training";
    case Phase::kMixing:
      return "mixing";
    case Phase::kSettling:
      return "settling";
    case Phase::kDraining:
      return "draining";
    case Phase::kDrained:
      return "drained";
  }
  CHECK(false);
}

Members::Members(runtime::PeerId self, PeerList all, runtime::Instant now)
    : self_(self), start_(now), all_(std::move(all)), living_(all_) {
  CHECK(contains(self));
  count_in(Phase::kTraining) = all_.size() - 1;
}

bool Members::contains(runtime::PeerId peer) const { return all_.contains(peer); }

Members::Member& Members::record(runtime::PeerId peer) {
  CHECK(contains(peer));
  return records_[peer];
}

MemberState Members::state(runtime::PeerId peer) const {
  CHECK(contains(peer));
  const auto found = records_.find(peer);
  return found == records_.end() ? MemberState::kAlive : found->second.state;
}

Progress Members::progress(runtime::PeerId peer) const {
  CHECK(contains(peer));
  const auto found = records_.find(peer);
  return found == records_.end() ? Progress{} : found->second.progress;
}

runtime::Instant Members::heard_at(runtime::PeerId peer) const {
  const auto found = records_.find(peer);
  return found == records_.end() ? start_ : std::max(start_, found->second.heard_at);
}

runtime::Instant Members::moved_at(runtime::PeerId peer) const {
  const auto found = records_.find(peer);
  return found == records_.end() ? start_ : std::max(start_, found->second.moved_at);
}

void Members::heard(runtime::PeerId peer, runtime::Instant now) {
  if (!is_living(peer)) return;
  Member& member = record(peer);
  member.heard_at = std::max(member.heard_at, now);
}

void Members::heard(runtime::PeerId peer, const Progress& progress, runtime::Instant now) {
  heard(peer, now);
  if (!is_living(peer)) return;
  Member& member = record(peer);
  // Heartbeats overtake each other; a peer never goes back.
  if (progress.phase < member.progress.phase) return;
  if (progress.step < member.progress.step) return;
  if (progress.step > member.progress.step || progress.phase > member.progress.phase)
    member.moved_at = now;
  if (peer != self_) {
    --count_in(member.progress.phase);
    ++count_in(progress.phase);
  }
  const std::uint64_t round = std::max(progress.round, member.progress.round);
  member.progress = progress;
  member.progress.round = round;
  member.round_known = true;
}

void Members::told(runtime::PeerId peer, Phase phase, std::uint64_t round, runtime::Instant now) {
  if (peer == self_ || !is_living(peer)) return;
  Member& member = record(peer);
  if (phase <= member.progress.phase && round <= member.progress.round) return;
  member.moved_at = now;
  --count_in(member.progress.phase);
  member.progress.phase = std::max(member.progress.phase, phase);
  ++count_in(member.progress.phase);
  if (round > member.progress.round) heard_round(peer, round);
}

void Members::heard_round(runtime::PeerId peer, std::uint64_t round) {
  Member& member = record(peer);
  member.progress.round = std::max(member.progress.round, round);
  member.round_known = true;
}

void Members::suspected(runtime::PeerId peer) {
  become(peer, MemberState::kAlive, MemberState::kSuspect);
}

void Members::trusted(runtime::PeerId peer) {
  become(peer, MemberState::kSuspect, MemberState::kAlive);
}

void Members::become(runtime::PeerId peer, MemberState from, MemberState to) {
  CHECK(contains(peer) && peer != self_);
  if (state(peer) == from) record(peer).state = to;
}

void Members::died(runtime::PeerId peer) { remove(peer, MemberState::kDead); }
void Members::left(runtime::PeerId peer) { remove(peer, MemberState::kLeft); }

void Members::joined(runtime::PeerId peer, runtime::Instant now) {
  CHECK(peer != self_);
  if (living_.contains(peer)) --count_in(progress(peer).phase);
  all_ = all_.with(peer);
  living_ = living_.with(peer);
  records_[peer] = {.state = MemberState::kAlive, .heard_at = now, .moved_at = now, .progress = {}};
  ++count_in(Phase::kTraining);
}

bool Members::others_reached(Phase phase) const {
  std::size_t reached = 0;
  for (auto later = static_cast<std::size_t>(phase); later < kPhaseCount; ++later)
    reached += others_in_[later];
  return reached + 1 >= living_.size();  // the one is self
}

std::optional<std::uint64_t> Members::slowest_round() const {
  std::optional<std::uint64_t> slowest;
  for (const auto& [peer, member] : records_) {
    if (peer == self_ || !is_living(peer)) continue;
    if (!member.round_known || member.progress.phase != Phase::kTraining) continue;
    slowest = std::min(slowest.value_or(member.progress.round), member.progress.round);
  }
  return slowest;
}

void Members::remove(runtime::PeerId peer, MemberState state) {
  CHECK(contains(peer) && peer != self_);
  if (!is_living(peer)) return;
  Member& member = record(peer);
  --count_in(member.progress.phase);
  member.state = state;
  living_ = living_.without(peer);
}

}  // namespace gossip
