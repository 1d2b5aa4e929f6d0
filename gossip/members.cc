#include "gossip/members.h"

#include <algorithm>
#include <utility>

#include "runtime/check.h"

namespace gossip {

Members::Members(runtime::PeerId self, std::vector<runtime::PeerId> all,
                 runtime::Duration silence_max, runtime::Instant now)
    : self_(self), silence_max_(silence_max), ticked_at_(now), all_(std::move(all)) {
  CHECK(silence_max > runtime::Duration::zero());
  std::sort(all_.begin(), all_.end());
  all_.erase(std::unique(all_.begin(), all_.end()), all_.end());
  living_ = all_;
  for (const runtime::PeerId peer : all_) members_[peer].heard_at = now;
  CHECK(contains(self));
}

bool Members::contains(runtime::PeerId peer) const { return members_.contains(peer); }

MemberState Members::state(runtime::PeerId peer) const {
  CHECK(contains(peer));
  return members_.at(peer).state;
}

Progress Members::progress(runtime::PeerId peer) const {
  CHECK(contains(peer));
  return members_.at(peer).progress;
}

void Members::heard(runtime::PeerId peer, runtime::Instant now) {
  CHECK(contains(peer));
  Member& member = members_.at(peer);
  if (member.state != MemberState::kAlive) return;
  member.heard_at = std::max(member.heard_at, now);
}

void Members::heard(runtime::PeerId peer, const Progress& progress, runtime::Instant now) {
  heard(peer, now);
  Member& member = members_.at(peer);
  if (member.state != MemberState::kAlive) return;
  // Heartbeats overtake each other; a peer never goes back.
  if (progress.phase < member.progress.phase) return;
  if (progress.step < member.progress.step) return;
  const std::uint64_t round = std::max(progress.round, member.progress.round);
  member.progress = progress;
  member.progress.round = round;
  member.round_known = true;
}

void Members::heard_round(runtime::PeerId peer, std::uint64_t round) {
  CHECK(contains(peer));
  Member& member = members_.at(peer);
  member.progress.round = std::max(member.progress.round, round);
  member.round_known = true;
}

void Members::left(runtime::PeerId peer) {
  CHECK(contains(peer) && peer != self_);
  if (members_.at(peer).state == MemberState::kAlive) remove(peer, MemberState::kLeft);
}

std::vector<runtime::PeerId> Members::tick(runtime::Instant now) {
  const bool frozen = now - ticked_at_ > silence_max_ / 2;
  ticked_at_ = std::max(ticked_at_, now);
  std::vector<runtime::PeerId> dead;
  for (const runtime::PeerId peer : living_) {
    if (peer == self_) continue;
    runtime::Instant& heard_at = members_.at(peer).heard_at;
    if (frozen) heard_at = std::max(heard_at, now);
    if (now - heard_at >= silence_max_) dead.push_back(peer);
  }
  for (const runtime::PeerId peer : dead) remove(peer, MemberState::kDead);
  return dead;
}

bool Members::others_reached(Phase phase) const {
  return std::all_of(living_.begin(), living_.end(), [&](runtime::PeerId peer) {
    return peer == self_ || members_.at(peer).progress.phase >= phase;
  });
}

std::optional<std::uint64_t> Members::slowest_round() const {
  std::optional<std::uint64_t> slowest;
  for (const runtime::PeerId peer : living_) {
    const Member& member = members_.at(peer);
    if (peer == self_ || !member.round_known || member.progress.phase != Phase::kTraining) continue;
    slowest = std::min(slowest.value_or(member.progress.round), member.progress.round);
  }
  return slowest;
}

void Members::remove(runtime::PeerId peer, MemberState state) {
  members_.at(peer).state = state;
  std::erase(living_, peer);
}

}  // namespace gossip
