#pragma once
// SWIM as published (Das, Gupta, Motivala 2002, sections 3 and 4) with the words of
// gossip::Membership, to stand beside it: probes in turn, indirect probes, suspicions of one
// length, refutation, rumours that go along with messages. None of what Lifeguard adds, and none of
// ours: no awareness of one's own health, nobody confirms a suspicion, no word to a suspect out of
// turn, nobody asks it again, no deadline follows its link, and who stood still does not excuse
// others. Rumours are also told to two members each interval, as both do.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "gossip/membership/membership.h"
#include "runtime/random.h"

namespace test {

class PlainSwim {
 public:
  using Duration = runtime::Duration;
  using Instant = runtime::Instant;
  using PeerId = runtime::PeerId;
  using State = gossip::MemberState;

  PlainSwim(const gossip::MembershipOptions& options, gossip::Members members, Instant now)
      : options_(options),
        members_(std::move(members)),
        random_(options.seed, runtime::value_of(options.self)),
        period_ends_(now + runtime::from_seconds(runtime::to_seconds(options.probe_interval) *
                                                 random_.uniform())),
        news_at_(now) {}

  [[nodiscard]] const gossip::Members& members() const { return members_; }
  [[nodiscard]] bool expelled() const { return expelled_; }
  [[nodiscard]] bool recognises(PeerId peer, std::uint64_t incarnation) {
    std::optional<std::uint64_t>& known = known_[peer].incarnation;
    if (!known) known = incarnation;
    return known == incarnation;
  }
  [[nodiscard]] std::optional<std::uint64_t> incarnation_of(PeerId peer) const {
    const auto found = known_.find(peer);
    return found == known_.end() ? std::nullopt : found->second.incarnation;
  }
  void joined(PeerId peer, std::uint64_t incarnation, Instant now) {
    members_.joined(peer, now);
    known_[peer] = {.incarnation = incarnation};
    suspected_until_.erase(peer);
    rumours_.forget(peer);
  }
  void left(PeerId peer) {
    if (!members_.is_living(peer)) return;
    members_.left(peer);
    suspected_until_.erase(peer);
    rumours_.spread(rumour_of(peer, State::kLeft, peer));
  }
  void heard(PeerId peer, Instant now) { members_.heard(peer, now); }
  [[nodiscard]] gossip::Rumour obituary(PeerId peer) const {
    return rumour_of(peer, State::kDead, options_.self);
  }

  void hear(PeerId from, const gossip::Probe& probe, Instant now) {
    using Kind = gossip::Probe::Kind;
    if (probe.kind == Kind::kProbe)
      questions_.push_back({from, {Kind::kAnswer, probe.number, options_.self}});
    if (probe.kind == Kind::kRelay && members_.is_living(probe.about))
      ask(probe.about, gossip::Question{from, {Kind::kAnswer, probe.number, probe.about}}, now);
    if (probe.kind != Kind::kAnswer) return;
    const auto asked = asked_.find(probe.number);
    if (asked == asked_.end() || asked->second.peer != probe.about) return;
    if (asked->second.for_whom) questions_.push_back(*asked->second.for_whom);
    asked_.erase(asked);
  }

  void hear(const gossip::Rumour& rumour, Instant now) {
    if (rumour.about == options_.self) return hear_of_self(rumour);
    if (!members_.contains(rumour.about) || !members_.is_living(rumour.about)) return;
    if (rumour.incarnation != 0 && !recognises(rumour.about, rumour.incarnation)) return;
    Known& known = known_[rumour.about];
    if (rumour.state == State::kAlive && rumour.refutation > known.refutation) trust(rumour);
    if (rumour.state == State::kSuspect && rumour.refutation >= known.refutation) {
      known.refutation = rumour.refutation;
      suspect(rumour.about, rumour.from, now);
    }
    if (rumour.state == State::kDead) die(rumour.about, rumour.from);
    if (rumour.state == State::kLeft) left(rumour.about);
  }

  void tick(Instant now) {
    for (auto& [number, asked] : asked_)
      if (!asked.relayed && now >= asked.relay_at) ask_through_others(number, asked);
    if (now >= period_ends_) begin_period(now);
    std::vector<PeerId> gone;
    for (const auto& [peer, until] : suspected_until_)
      if (now >= until) gone.push_back(peer);
    for (const PeerId peer : gone) die(peer, options_.self);
    if (now < news_at_) return;
    news_at_ = now + options_.probe_interval;
    spread_news();
  }
  [[nodiscard]] Instant next_tick() const {
    Instant next = std::min(period_ends_, news_at_);
    for (const auto& [number, asked] : asked_)
      if (!asked.relayed) next = std::min(next, asked.relay_at);
    for (const auto& [peer, until] : suspected_until_) next = std::min(next, until);
    return next;
  }

  [[nodiscard]] std::vector<gossip::Question> take_questions() {
    return std::exchange(questions_, {});
  }
  [[nodiscard]] std::vector<gossip::Rumour> rumours_for(PeerId /*to*/) {
    return rumours_.take(gossip::kRumoursMax, members_.living().size());
  }
  [[nodiscard]] std::vector<gossip::Change> take_changes() { return std::exchange(changes_, {}); }

 private:
  struct Known {
    std::optional<std::uint64_t> incarnation;
    std::uint64_t refutation = 0;
  };
  struct Asked {
    PeerId peer{};
    Instant relay_at{};
    std::optional<gossip::Question> for_whom{};  // an answer goes there
    bool relayed = false;
  };
  static constexpr std::size_t kNewsFanout = 2;
  using Reason = gossip::Change::Reason;

  [[nodiscard]] std::vector<PeerId> others() const {
    std::vector<PeerId> others(members_.living().begin(), members_.living().end());
    std::erase(others, options_.self);
    return others;
  }
  [[nodiscard]] gossip::Rumour rumour_of(PeerId about, State state, PeerId from) const {
    const auto found = known_.find(about);
    const Known known = found == known_.end() ? Known{} : found->second;
    return {about, known.incarnation.value_or(0), known.refutation, state, from};
  }
  [[nodiscard]] Reason reason_of(PeerId from) const {
    return from == options_.self ? Reason::kNoAnswer : Reason::kRumour;
  }

  void hear_of_self(const gossip::Rumour& rumour) {
    if (rumour.incarnation != 0 && rumour.incarnation != options_.incarnation) return;
    if (rumour.state == State::kDead) expelled_ = true;
    if (rumour.state != State::kSuspect) return;
    if (rumour.refutation >= refutation_) refutation_ = rumour.refutation + 1;
    rumours_.spread(
        {options_.self, options_.incarnation, refutation_, State::kAlive, options_.self});
  }
  void suspect(PeerId peer, PeerId from, Instant now) {
    const Duration span = gossip::suspicion_span(members_.living().size(), options_.probe_interval,
                                                 options_.suspicion_multiplier)
                              .min;
    if (!suspected_until_.try_emplace(peer, now + span).second) return;
    members_.suspected(peer);
    rumours_.spread(rumour_of(peer, State::kSuspect, from));
    changes_.push_back({peer, State::kSuspect, reason_of(from), from});
  }
  void trust(const gossip::Rumour& rumour) {
    known_[rumour.about].refutation = rumour.refutation;
    rumours_.spread(rumour);
    if (suspected_until_.erase(rumour.about) == 0) return;
    members_.trusted(rumour.about);
    changes_.push_back({rumour.about, State::kAlive, Reason::kRefuted, rumour.about});
  }
  void die(PeerId peer, PeerId from) {
    members_.died(peer);
    suspected_until_.erase(peer);
    std::erase_if(asked_, [peer](const auto& entry) { return entry.second.peer == peer; });
    rumours_.spread(rumour_of(peer, State::kDead, from));
    changes_.push_back({peer, State::kDead, reason_of(from), from});
  }

  void ask(PeerId peer, std::optional<gossip::Question> for_whom, Instant now) {
    asked_[next_number_] = {.peer = peer,
                            .relay_at = now + options_.probe_interval / 2,
                            .for_whom = std::move(for_whom)};
    questions_.push_back({peer, {gossip::Probe::Kind::kProbe, next_number_, peer}});
    ++next_number_;
  }
  void ask_through_others(std::uint64_t number, Asked& asked) {
    asked.relayed = true;
    if (asked.for_whom) return;
    std::vector<PeerId> relays = others();
    std::erase(relays, asked.peer);
    random_.shuffle(std::span(relays));
    relays.resize(std::min(relays.size(), gossip::Prober::kRelays));
    for (const PeerId relay : relays)
      questions_.push_back({relay, {gossip::Probe::Kind::kRelay, number, asked.peer}});
  }
  void begin_period(Instant now) {
    period_ends_ = now + options_.probe_interval;
    if (current_ && asked_.contains(*current_))
      suspect(asked_.at(*current_).peer, options_.self, now);
    current_.reset();
    // Those asked for others, and long since of no use.
    while (asked_.size() > gossip::Prober::kAskedMax) asked_.erase(asked_.begin());
    if (const auto target = next_target()) {
      current_ = next_number_;
      ask(*target, std::nullopt, now);
    }
  }
  [[nodiscard]] std::optional<PeerId> next_target() {
    while (true) {
      if (order_.empty()) {
        order_ = others();
        if (order_.empty()) return std::nullopt;
        random_.shuffle(std::span(order_));
      }
      const PeerId target = order_.back();
      order_.pop_back();
      if (members_.is_living(target)) return target;
    }
  }
  void spread_news() {
    if (rumours_.empty()) return;
    std::vector<PeerId> told = others();
    random_.shuffle(std::span(told));
    const std::size_t count = std::min(told.size(), kNewsFanout);
    for (const PeerId to : std::span(told).first(count)) questions_.push_back({to, {}});
  }

  gossip::MembershipOptions options_;
  gossip::Members members_;
  runtime::Random random_;
  gossip::Rumours rumours_;
  std::map<PeerId, Known> known_;
  std::map<PeerId, Instant> suspected_until_;
  std::map<std::uint64_t, Asked> asked_;
  std::uint64_t next_number_ = 1;
  std::optional<std::uint64_t> current_;
  std::vector<PeerId> order_;
  std::uint64_t refutation_ = 0;
  bool expelled_ = false;
  std::vector<gossip::Change> changes_;
  std::vector<gossip::Question> questions_;
  Instant period_ends_;
  Instant news_at_;
};

}  // namespace test
