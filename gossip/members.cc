#include "gossip/members.h"

#include <algorithm>
#include <utility>

#include "runtime/check.h"

namespace gossip {

Members::Members(runtime::PeerId self, PeerList all, runtime::Duration silence_max,
                 runtime::Instant now)
    : self_(self),
      silence_max_(silence_max),
      ticked_at_(now),
      heard_from_(now),
      check_at_(now + silence_max),
      all_(std::move(all)),
      living_(all_) {
  CHECK(silence_max > runtime::Duration::zero() && silence_max <= kForEver);
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

runtime::Duration Members::silence(runtime::PeerId peer) const {
  const auto found = records_.find(peer);
  const runtime::Instant heard_at =
      found == records_.end() ? heard_from_ : std::max(heard_from_, found->second.heard_at);
  return ticked_at_ - heard_at;
}

void Members::heard(runtime::PeerId peer, runtime::Instant now) {
  CHECK(contains(peer));
  if (silence_max_ == kForEver) return;
  Member& member = record(peer);
  if (member.state != MemberState::kAlive) return;
  member.heard_at = std::max(member.heard_at, now);
}

void Members::heard(runtime::PeerId peer, const Progress& progress, runtime::Instant now) {
  heard(peer, now);
  Member& member = record(peer);
  if (member.state != MemberState::kAlive) return;
  // Heartbeats overtake each other; a peer never goes back.
  if (progress.phase < member.progress.phase) return;
  if (progress.step < member.progress.step) return;
  if (peer != self_) {
    --count_in(member.progress.phase);
    ++count_in(progress.phase);
  }
  const std::uint64_t round = std::max(progress.round, member.progress.round);
  member.progress = progress;
  member.progress.round = round;
  member.round_known = true;
}

void Members::heard_round(runtime::PeerId peer, std::uint64_t round) {
  Member& member = record(peer);
  member.progress.round = std::max(member.progress.round, round);
  member.round_known = true;
}

void Members::left(runtime::PeerId peer) {
  CHECK(contains(peer) && peer != self_);
  if (state(peer) == MemberState::kAlive) remove(peer, MemberState::kLeft);
}

void Members::joined(runtime::PeerId peer, runtime::Instant now) {
  CHECK(peer != self_);
  if (living_.contains(peer)) --count_in(progress(peer).phase);
  all_ = all_.with(peer);
  living_ = living_.with(peer);
  records_[peer] = {.state = MemberState::kAlive, .heard_at = now, .progress = {}};
  ++count_in(Phase::kTraining);
  check_at_ = std::min(check_at_, now + silence_max_);
}

std::vector<runtime::PeerId> Members::tick(runtime::Instant now) {
  const bool frozen = now - ticked_at_ > silence_max_ / 2;
  ticked_at_ = std::max(ticked_at_, now);
  if (frozen) heard_from_ = std::max(heard_from_, now);
  if (now < check_at_) return {};

  std::vector<runtime::PeerId> dead;
  runtime::Instant earliest = now;
  for (const runtime::PeerId peer : living_) {
    if (peer == self_) continue;
    const auto found = records_.find(peer);
    const runtime::Instant heard_at =
        found == records_.end() ? heard_from_ : std::max(heard_from_, found->second.heard_at);
    if (now - heard_at >= silence_max_)
      dead.push_back(peer);
    else
      earliest = std::min(earliest, heard_at);
  }
  check_at_ = earliest + silence_max_;
  for (const runtime::PeerId peer : dead) remove(peer, MemberState::kDead);
  return dead;
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
    if (peer == self_ || member.state != MemberState::kAlive) continue;
    if (!member.round_known || member.progress.phase != Phase::kTraining) continue;
    slowest = std::min(slowest.value_or(member.progress.round), member.progress.round);
  }
  return slowest;
}

void Members::remove(runtime::PeerId peer, MemberState state) {
  Member& member = record(peer);
  --count_in(member.progress.phase);
  member.state = state;
  living_ = living_.without(peer);
}

}  // namespace gossip
