#include "peers/recorder.h"

#include <utility>

namespace peers {
namespace {

constexpr runtime::Duration kProgressEvery{1'000'000'000};

}  // namespace

Recorder::Recorder(Parts parts, runtime::Instant now)
    : parts_(std::move(parts)),
      progress_at_(now),
      progress_step_(parts_.assembly->peer().step()),
      evaluated_epochs_(static_cast<std::uint64_t>(epoch(progress_step_))) {}

double Recorder::epoch(std::uint64_t step) const {
  const double per_epoch = parts_.assembly->steps_per_epoch();
  return per_epoch > 0.0 ? static_cast<double>(step) / per_epoch : 0.0;
}

void Recorder::after_step(Peer& peer, double /*loss*/, runtime::Instant /*now*/) {
  if (parts_.evaluate_every == 0 || parts_.assembly->steps_per_epoch() <= 0.0) return;
  const auto epochs = static_cast<std::uint64_t>(epoch(peer.step()));
  // The last epoch is judged after everybody has settled, on what the peer ends with.
  if (epochs < evaluated_epochs_ + parts_.evaluate_every || peer.step() >= parts_.assembly->steps())
    return;
  evaluated_epochs_ = epochs;
  evaluate(peer);
}

void Recorder::evaluate(Peer& peer) {
  last_quality_ = parts_.assembly->objective().evaluate(peer.estimate());
  if (!last_quality_) return;
  parts_.metrics->write(parts_.clock->now(), "evaluate",
                        {{"step", peer.step()},
                         {"epoch", epoch(peer.step())},
                         {"test_loss", last_quality_->loss},
                         {"test_accuracy", last_quality_->accuracy}});
}

void Recorder::now_and_then(Peer& peer, runtime::Instant now) {
  write_events(peer, now);
  parts_.save_if_due(peer, now);
  if (now - progress_at_ >= kProgressEvery) write_progress(peer, now);
}

void Recorder::before_leaving(Peer& peer) { parts_.keep_estimate(peer); }

void Recorder::write_progress(Peer& peer, runtime::Instant now) {
  const PeerStatus status = peer.status();
  const double seconds = runtime::to_seconds(now - progress_at_);
  const std::size_t batch = parts_.assembly->objective().batch_samples();
  const double samples = static_cast<double>((status.step - progress_step_) * batch);
  const double rate = seconds > 0.0 ? samples / seconds : 0.0;
  progress_at_ = now;
  progress_step_ = status.step;
  peer.note_rate(epoch(status.step), rate);
  parts_.metrics->write(now, "progress",
                        {{"step", status.step},
                         {"epoch", epoch(status.step)},
                         {"loss", status.loss},
                         {"learning_rate", status.learning_rate},
                         {"batch", batch},
                         {"samples_per_second", rate},
                         {"weight", status.weight},
                         {"members", status.members},
                         {"bytes_sent", status.traffic.bytes_sent},
                         {"bytes_received", status.traffic.bytes_received},
                         {"parcels_sent", status.traffic.parcels_sent},
                         {"parcels_received", status.traffic.parcels_received},
                         {"parcels_skipped", status.parcels_skipped},
                         {"blocked_seconds", status.blocked_seconds},
                         {"age_rounds_p50", status.age_rounds_p50},
                         {"age_rounds_p99", status.age_rounds_p99}});
}

void Recorder::write_events(Peer& peer, runtime::Instant now) {
  for (const gossip::Event& event : peer.take_events()) {
    if (const auto* member = std::get_if<gossip::MemberEvent>(&event)) {
      const std::string name = member->name.empty() ? parts_.name_of(member->peer) : member->name;
      const std::string_view state = gossip::to_string(member->state);
      parts_.metrics->write(now, "member",
                            {{"peer", name},
                             {"state", state},
                             {"incarnation", member->incarnation},
                             {"reason", member->reason},
                             {"weight_taken_back", member->mass_taken_back}});
      if (member->state == gossip::MemberState::kDead) {
        parts_.log->warn("{} is dead ({}); took back a weight of {:.4f} that was under way", name,
                         member->reason, member->mass_taken_back);
      }
    } else if (const auto* refusal = std::get_if<gossip::RefusalEvent>(&event)) {
      const std::string name = parts_.name_of(refusal->peer);
      const std::string_view reason = gossip::to_string(refusal->reason);
      parts_.metrics->write(now, "refused",
                            {{"peer", name}, {"reason", reason}, {"count", refusal->count}});
      if (refusal->count == 1) parts_.log->warn("refused a message of {}: {}", name, reason);
    }
  }
}

}  // namespace peers
