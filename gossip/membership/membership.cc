#include "gossip/membership/membership.h"

#include <algorithm>
#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

constexpr std::size_t kNewsFanout = 2;  // members told of fresh rumours each interval

}  // namespace

Membership::Membership(const MembershipOptions& options, Members members, runtime::Instant now)
    : options_(options),
      members_(std::move(members)),
      random_(options.seed, runtime::mix_bits(runtime::value_of(options.self))),
      news_at_(now),
      ticked_at_(now) {
  CHECK(options.probe_interval >= runtime::Duration::zero());
  if (options.probe_interval > runtime::Duration::zero())
    prober_.emplace(Prober::Options{options.self, options.probe_interval, options.seed}, now);
}

std::vector<runtime::PeerId> Membership::others() const {
  std::vector<runtime::PeerId> others(members_.living().begin(), members_.living().end());
  std::erase(others, options_.self);
  return others;
}

bool Membership::recognises(runtime::PeerId peer, std::uint64_t incarnation) {
  std::optional<std::uint64_t>& known = known_[peer].incarnation;
  if (!known) known = incarnation;
  return known == incarnation;
}

std::optional<std::uint64_t> Membership::incarnation_of(runtime::PeerId peer) const {
  const auto found = known_.find(peer);
  return found == known_.end() ? std::nullopt : found->second.incarnation;
}

void Membership::joined(runtime::PeerId peer, std::uint64_t incarnation, runtime::Instant now) {
  members_.joined(peer, now);
  known_[peer] = {.incarnation = incarnation};
  suspicions_.erase(peer);
  leaving_.erase(peer);
  rumours_.forget(peer);
}

void Membership::left(runtime::PeerId peer) {
  if (!members_.is_living(peer)) return;
  members_.left(peer);
  suspicions_.erase(peer);
  leaving_.erase(peer);
  if (prober_) prober_->forget(peer);
  rumours_.spread(rumour_of(peer, MemberState::kLeft, peer));
}

void Membership::removed(runtime::PeerId peer) {
  members_.died(peer);
  suspicions_.erase(peer);
  leaving_.erase(peer);
  rumours_.forget(peer);
  if (prober_) prober_->forget(peer);
}

Rumour Membership::rumour_of(runtime::PeerId about, MemberState state, runtime::PeerId from) const {
  const auto found = known_.find(about);
  const Known known = found == known_.end() ? Known{} : found->second;
  return {.about = about,
          .incarnation = known.incarnation.value_or(0),
          .refutation = known.refutation,
          .state = state,
          .from = from};
}

Rumour Membership::obituary(runtime::PeerId peer) const {
  return rumour_of(peer, MemberState::kDead, options_.self);
}

std::vector<Rumour> Membership::rumours_for(runtime::PeerId to) {
  std::vector<Rumour> told;
  if (suspicions_.contains(to)) told.push_back(rumour_of(to, MemberState::kSuspect, options_.self));
  for (const Rumour& news : rumours_.take(kRumoursMax - told.size(), members_.living().size()))
    told.push_back(news);
  return told;
}

void Membership::hear(runtime::PeerId from, const Probe& probe, runtime::Instant now) {
  if (!prober_) return;
  notice_gap(now);
  if (probe.kind == Probe::Kind::kRelay && !members_.is_living(probe.about)) return;
  // All the others would wait at the end for a peer that one direction of one link keeps from
  // hearing that they are there.
  const bool for_another = probe.kind == Probe::Kind::kAnswer && probe.about != from;
  if (for_another && prober_->waits_for(probe))
    members_.told(probe.about, probe.phase, probe.round, now);
  prober_->hear(from, probe, now);
}

void Membership::hear(const Rumour& rumour, runtime::Instant now) {
  if (rumour.about == options_.self) return hear_of_self(rumour);
  if (!members_.contains(rumour.about) || !members_.is_living(rumour.about)) return;
  // Of another life of that member, or of one that we have not met: it says so itself.
  if (rumour.incarnation != 0 && !recognises(rumour.about, rumour.incarnation)) return;
  Known& known = known_[rumour.about];
  switch (rumour.state) {
    case MemberState::kAlive:
      if (rumour.refutation > known.refutation) trust(rumour);
      return;
    case MemberState::kSuspect:
      if (rumour.refutation < known.refutation) return;  // it has refuted that
      known.refutation = rumour.refutation;
      return suspect(rumour.about, rumour.from, now);
    case MemberState::kDead:
      return die(rumour.about, rumour.from);
    case MemberState::kLeft:
      if (leaving_.contains(rumour.about)) return;
      leaving_[rumour.about] =
          now + suspicion_span(1, options_.probe_interval, options_.suspicion_multiplier).min;
      rumours_.spread(rumour);
      return;
  }
}

void Membership::outlived(runtime::PeerId peer, runtime::Instant now) {
  if (prober_ && members_.is_living(peer)) suspect(peer, options_.self, now);
}

void Membership::hear_of_self(const Rumour& rumour) {
  const bool of_former_life = rumour.incarnation != 0 && rumour.incarnation != options_.incarnation;
  if (of_former_life) return;
  if (rumour.state == MemberState::kDead) expelled_ = true;
  if (rumour.state != MemberState::kSuspect) return;
  // Otherwise it has been refuted, and somebody has missed that.
  if (rumour.refutation >= refutation_) {
    refutation_ = rumour.refutation + 1;
    if (prober_) prober_->awareness().worse();
  }
  rumours_.spread({.about = options_.self,
                   .incarnation = options_.incarnation,
                   .refutation = refutation_,
                   .state = MemberState::kAlive,
                   .from = options_.self});
}

void Membership::suspect(runtime::PeerId peer, runtime::PeerId from, runtime::Instant now) {
  const auto held = suspicions_.find(peer);
  if (held != suspicions_.end()) {
    if (held->second.confirm(from)) rumours_.spread(rumour_of(peer, MemberState::kSuspect, from));
    return;
  }
  const std::size_t living = members_.living().size();
  const SuspicionSpan span =
      suspicion_span(living, options_.probe_interval, options_.suspicion_multiplier);
  suspicions_.emplace(
      peer, Suspicion(from, living - 2,  // neither the suspected nor the first who suspects
                      span, ask_interval(living, options_.probe_interval, span), now));
  members_.suspected(peer);
  rumours_.spread(rumour_of(peer, MemberState::kSuspect, from));
  changes_.push_back({peer, MemberState::kSuspect,
                      from == options_.self ? Change::Reason::kNoAnswer : Change::Reason::kRumour,
                      from});
}

void Membership::trust(const Rumour& rumour) {
  known_[rumour.about].refutation = rumour.refutation;
  rumours_.spread(rumour);
  if (suspicions_.erase(rumour.about) == 0) return;
  members_.trusted(rumour.about);
  changes_.push_back({rumour.about, MemberState::kAlive, Change::Reason::kRefuted, rumour.about});
}

void Membership::die(runtime::PeerId peer, runtime::PeerId from) {
  members_.died(peer);
  suspicions_.erase(peer);
  leaving_.erase(peer);
  if (prober_) prober_->forget(peer);
  rumours_.spread(rumour_of(peer, MemberState::kDead, from));
  changes_.push_back({peer, MemberState::kDead,
                      from == options_.self ? Change::Reason::kNoAnswer : Change::Reason::kRumour,
                      from});
}

// A long gap between our own ticks proves nothing about the others: we stood still, and what they
// said waits to be heard.
void Membership::notice_gap(runtime::Instant now) {
  const runtime::Duration gap = now - ticked_at_;
  ticked_at_ = std::max(ticked_at_, now);
  if (gap <= 2 * options_.probe_interval) return;
  prober_->excuse(now);
  for (auto& [peer, suspicion] : suspicions_) suspicion.postpone(gap);
}

void Membership::tick(runtime::Instant now) {
  if (!prober_) return;
  notice_gap(now);
  const std::vector<runtime::PeerId> others = this->others();
  if (const auto silent = prober_->tick(others, now)) suspect(*silent, options_.self, now);
  std::vector<runtime::PeerId> gone;
  for (auto& [peer, suspicion] : suspicions_) {
    if (suspicion.asks(now)) prober_->ask(peer, now);
    if (now >= suspicion.ends_at()) gone.push_back(peer);
  }
  for (const runtime::PeerId peer : gone) die(peer, options_.self);
  gone.clear();
  for (const auto& [peer, believed_at] : leaving_)
    if (now >= believed_at) gone.push_back(peer);
  for (const runtime::PeerId peer : gone) {
    left(peer);
    changes_.push_back({peer, MemberState::kLeft, Change::Reason::kRumour, peer});
  }
  if (now < news_at_) return;
  news_at_ = now + options_.probe_interval;
  spread_news();
}

// Faster than probes would take them along.
void Membership::spread_news() {
  if (rumours_.empty()) return;
  std::vector<runtime::PeerId> told = others();
  random_.shuffle(std::span(told));
  if (told.size() > kNewsFanout) told.erase(told.begin() + kNewsFanout, told.end());
  for (const runtime::PeerId to : told) news_.push_back({to, {}});
}

// Each in its turn, a round of probes long, and then by suspicions that more or fewer confirm.
runtime::Duration Membership::span_of_deaths() const {
  const std::size_t known = members_.all().size();
  const auto probes = static_cast<runtime::Duration::rep>(known) * options_.probe_interval;
  return probes + suspicion_span(known, options_.probe_interval, options_.suspicion_multiplier).max;
}

runtime::Instant Membership::next_tick() const {
  if (!prober_) return runtime::Instant::max();
  runtime::Instant next = std::min(prober_->next_tick(), ticked_at_ + options_.probe_interval);
  for (const auto& [peer, suspicion] : suspicions_) next = std::min(next, suspicion.ends_at());
  return next;
}

std::vector<Question> Membership::take_questions() {
  std::vector<Question> questions = std::exchange(news_, {});
  if (prober_)
    for (Question& question : prober_->take_questions()) {
      if (!members_.is_living(question.to)) continue;
      Probe& probe = question.probe;
      if (probe.kind == Probe::Kind::kAnswer && probe.about != options_.self) {
        const Progress progress = members_.progress(probe.about);
        probe.phase = progress.phase;
        probe.round = progress.round;
      }
      questions.push_back(question);
    }
  return questions;
}

std::vector<Change> Membership::take_changes() { return std::exchange(changes_, {}); }

}  // namespace gossip
