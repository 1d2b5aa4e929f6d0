#include "gossip/membership/prober.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/check.h"

namespace gossip {

Prober::Prober(const Options& options, runtime::Instant now)
    : options_(options),
      random_(options.seed, runtime::value_of(options.self)),
      // Peers that start together do not all probe at one moment.
      period_ends_(
          now + runtime::from_seconds(runtime::to_seconds(options.interval) * random_.uniform())) {
  CHECK(options.interval > runtime::Duration::zero());
}

std::optional<runtime::PeerId> Prober::tick(std::span<const runtime::PeerId> others,
                                            runtime::Instant now) {
  for (auto& [number, asked] : asked_) {
    if (asked.answered) continue;
    if (!asked.relayed && now >= asked.relay_at) go_on_asking(asked, number, others);
    if (asked.in_turn && now >= asked.again_at) ask_again(asked, now);
  }
  const std::optional<runtime::PeerId> silent = verdict(now);
  if (now < period_ends_) return silent;
  period_ends_ = now + awareness_.scaled(options_.interval);
  if (const auto target = next_target(others)) {
    Asked& asked = ask(*target, std::nullopt, now);
    asked.in_turn = true;
    asked.verdict_at = std::max(period_ends_, now + 2 * (asked.relay_at - now));
    asked.again_at = asked.relay_at;
  }
  forget_old();
  return silent;
}

// The oldest first, and those that only a late answer would be news of before others. Never one of
// our own turn that is to be decided on.
void Prober::forget_old() {
  for (const bool also_open : {false, true}) {
    for (auto at = asked_.begin(); at != asked_.end() && asked_.size() > kAskedMax;) {
      const Asked& asked = at->second;
      const bool undecided = asked.in_turn && !asked.answered;
      at = undecided || (asked.is_open() && !also_open) ? std::next(at) : asked_.erase(at);
    }
  }
}

// Nobody has answered directly: ask through others; or, where it was asked for somebody, say so.
void Prober::go_on_asking(Asked& asked, std::uint64_t number,
                          std::span<const runtime::PeerId> others) {
  asked.relayed = true;
  if (asked.for_whom) {
    Question told = *asked.for_whom;
    told.probe.kind = Probe::Kind::kUnreachable;
    questions_.push_back(told);
    return;
  }
  if (!asked.in_turn) return;
  std::vector<runtime::PeerId> relays(others.begin(), others.end());
  std::erase(relays, asked.peer);
  random_.shuffle(std::span(relays));
  if (relays.size() > kRelays) relays.erase(relays.begin() + kRelays, relays.end());
  asked.unreachables_due = relays.size();
  for (const runtime::PeerId relay : relays)
    questions_.push_back({relay, {Probe::Kind::kRelay, number, asked.peer}});
}

// The first question may have been lost, or its answer. With a number of its own: an answer says
// how long the link takes.
void Prober::ask_again(Asked& asked, runtime::Instant now) {
  // Rounded up: none comes with the verdict.
  asked.again_at = now + (asked.verdict_at - asked.relay_at) / kAskedAgain + runtime::Duration{1};
  ask(asked.peer, now);
}

// Of the probes of our own, one at a time.
std::optional<runtime::PeerId> Prober::verdict(runtime::Instant now) {
  for (auto& [number, asked] : asked_) {
    if (!asked.in_turn || asked.answered || now < asked.verdict_at) continue;
    asked.in_turn = false;
    // Relays that do not speak either make the fault likely to be our own.
    awareness_.worse(static_cast<int>(asked.unreachables_due));
    return asked.peer;
  }
  return std::nullopt;
}

std::optional<runtime::PeerId> Prober::next_target(std::span<const runtime::PeerId> others) {
  while (true) {
    if (order_.empty()) {
      if (others.empty()) return std::nullopt;
      order_.assign(others.begin(), others.end());
      random_.shuffle(std::span(order_));
    }
    const runtime::PeerId target = order_.back();
    order_.pop_back();
    if (std::ranges::binary_search(others, target)) return target;
  }
}

Prober::Asked& Prober::ask(runtime::PeerId peer, std::optional<Question> for_whom,
                           runtime::Instant now) {
  const runtime::Duration patience = round_trips_[peer].deadline(options_.interval / 2);
  const std::uint64_t number = next_number_++;
  questions_.push_back({peer, {Probe::Kind::kProbe, number, peer}});
  return asked_[number] = {.peer = peer,
                           .at = now,
                           .relay_at = now + awareness_.scaled(patience),
                           .for_whom = std::move(for_whom)};
}

void Prober::hear(runtime::PeerId from, const Probe& probe, runtime::Instant now) {
  switch (probe.kind) {
    case Probe::Kind::kNone:
      return;
    case Probe::Kind::kProbe:
      questions_.push_back({from, {Probe::Kind::kAnswer, probe.number, options_.self}});
      return;
    case Probe::Kind::kRelay:
      if (probe.about != options_.self && relaying() < kRelayingMax)
        static_cast<void>(ask(
            probe.about, Question{from, {Probe::Kind::kAnswer, probe.number, probe.about}}, now));
      return;
    case Probe::Kind::kUnreachable: {
      const auto asked = asked_.find(probe.number);
      if (asked != asked_.end() && asked->second.unreachables_due > 0)
        --asked->second.unreachables_due;
      return;
    }
    case Probe::Kind::kAnswer: {
      const auto asked = asked_.find(probe.number);
      if (asked == asked_.end() || asked->second.peer != probe.about) return;
      // Also where it is late: the link is as slow as that.
      if (from == probe.about && !asked->second.excused)
        note_round_trip(from, now - asked->second.at);
      if (!asked->second.answered) hear_answer(probe);
      if (from != probe.about) return note_brought(asked->second);
      brought_.erase(from);
      asked_.erase(asked);
      // It lived when it answered: what it was asked before is answered, too.
      for (auto& [number, other] : asked_)
        if (number < probe.number && other.peer == from && other.in_turn && !other.answered)
          note_answer(other);
      return;
    }
  }
}

bool Prober::waits_for(const Probe& answer) const {
  const auto asked = asked_.find(answer.number);
  return asked != asked_.end() && asked->second.peer == answer.about && asked->second.relayed;
}

// Once a turn.
void Prober::note_brought(Asked& asked) {
  if (std::exchange(asked.brought, true) || !asked.in_turn || asked.excused) return;
  if (++brought_[asked.peer] < kBroughtMax) return;
  brought_.erase(asked.peer);
  cut_off_.push_back(asked.peer);
}

std::size_t Prober::relaying() const {
  const auto of_others = [](const auto& entry) {
    return entry.second.for_whom && entry.second.is_open();
  };
  return static_cast<std::size_t>(std::ranges::count_if(asked_, of_others));
}

void Prober::note_round_trip(runtime::PeerId peer, runtime::Duration span) {
  round_trips_[peer].add(span);
  if (trips_.size() < kAskedMax) trips_.push_back({peer, span});
}

void Prober::hear_answer(const Probe& probe) {
  Asked& asked = asked_.at(probe.number);
  if (asked.for_whom) questions_.push_back(*asked.for_whom);
  note_answer(asked);
}

void Prober::note_answer(Asked& asked) {
  asked.answered = true;
  if (asked.in_turn) awareness_.better();
}

void Prober::forget(runtime::PeerId peer) {
  std::erase_if(asked_, [peer](const auto& entry) { return entry.second.peer == peer; });
  round_trips_.erase(peer);
  brought_.erase(peer);
}

void Prober::excuse(runtime::Instant now) {
  for (auto& [number, asked] : asked_) {
    asked.in_turn = false;
    asked.excused = true;
  }
  period_ends_ = now + options_.interval;
  awareness_.worse();
}

runtime::Instant Prober::next_tick() const {
  runtime::Instant next = period_ends_;
  for (const auto& [number, asked] : asked_) {
    if (asked.answered) continue;
    if (!asked.relayed) next = std::min(next, asked.relay_at);
    if (asked.in_turn) next = std::min({next, asked.again_at, asked.verdict_at});
  }
  return next;
}

double Prober::round_trip_seconds(runtime::PeerId peer) const {
  const auto found = round_trips_.find(peer);
  return found == round_trips_.end() ? 0.0 : found->second.mean_seconds();
}

std::vector<Question> Prober::take_questions() { return std::exchange(questions_, {}); }

}  // namespace gossip
