// The part of Peer that answers who asks about it.
#include <algorithm>
#include <utility>

#include "peers/peer.h"

namespace peers {
namespace {

// Who is not answered asks again.
constexpr std::size_t kAnswersMax = 8;

}  // namespace

// Without keys whoever reaches the port may see what can be seen there anyway, but a peer that a
// whole network reaches is not to be ended from anywhere in it.
void Peer::answer(const runtime::Delivery& question, const gossip::Inquiry& inquiry,
                  runtime::Instant now) {
  if (answers_.size() == kAnswersMax) return;
  const bool leave = inquiry.kind == gossip::Inquiry::Kind::kLeave;
  if (leave && !question.trusted) {
    const gossip::Rejection rejection{
        "without keys (security.mode = \"none\") a peer leaves at the word of its own machine "
        "only"};
    answers_.push_back({question.from, gossip::encode(options_.self, rejection)});
    return;
  }
  leave_asked_ = leave_asked_ || leave;
  answers_.push_back({question.from, gossip::encode(options_.self, report(now))});
}

gossip::Report Peer::report(runtime::Instant now) const {
  const PeerStatus status = locked_status();
  gossip::Contact self = options_.contact;
  self.id = options_.self.id;
  self.incarnation = exchange_->self().incarnation;
  return {.self = std::move(self),
          .terms = options_.terms,
          .progress = {.phase = status.phase,
                       .step = status.steps_behind,
                       .step_seconds = status.step_seconds,
                       .round = status.round},
          .steps = options_.steps,
          .epoch = status.epoch,
          .loss = status.loss,
          .learning_rate = status.learning_rate,
          .samples_per_second = status.samples_per_second,
          .precision = options_.precision,
          .batch = status.batch,
          .noise = status.noise,
          .weight = status.weight,
          .weight_in_flight = status.weight_in_flight,
          .blocked_seconds = status.blocked_seconds,
          .age_rounds_p50 = static_cast<double>(status.age_rounds_p50),
          .age_rounds_p99 = static_cast<double>(status.age_rounds_p99),
          .parcels_skipped = status.parcels_skipped,
          .messages_refused = status.traffic.messages_refused,
          .parcels_clipped = status.parcels_clipped,
          .leaving = leave_asked_,
          .standing = status.standing,
          .members_living = status.members,
          .members_known = exchange_->members().all().size(),
          .members = exchange_->member_reports(now)};
}

std::vector<Peer::Answer> Peer::take_answers() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(answers_, {});
}

std::vector<gossip::MemberReport> Peer::member_reports(runtime::Instant now) const {
  const std::scoped_lock lock(mutex_);
  return exchange_->member_reports(now);
}

std::size_t Peer::living_here() const {
  const std::scoped_lock lock(mutex_);
  return exchange_->living_here();
}

gossip::StandingWatch Peer::standing() const {
  const std::scoped_lock lock(mutex_);
  return exchange_->standing();
}

bool Peer::leave_asked() const {
  const std::scoped_lock lock(mutex_);
  return leave_asked_;
}

void Peer::note_rate(double epoch, double samples_per_second) {
  const std::scoped_lock lock(mutex_);
  shared_.epoch = epoch;
  shared_.samples_per_second = samples_per_second;
}

}  // namespace peers
