// The part of Peer that a checkpoint holds, and what a peer that comes back makes of it.
#include <algorithm>
#include <string>

#include "peers/peer.h"

namespace peers {

std::optional<runtime::Frame> Peer::lend_estimate() {
  if (own_statistics_ || steps_apart()) return std::nullopt;
  return mass_.snapshot()->z.slice(0, estimate().bytes());
}

void Peer::visit_parts(StateVisitor& visitor) {
  const auto visit = [&visitor](std::string_view name, auto& part) {
    PartVisitor named(name, visitor);
    part.visit_state(named);
  };
  visit("objective", *parts_.objective);
  visit("optimizer", *parts_.optimizer);
  visit("schedule", *parts_.schedule);
  if (parts_.correction != nullptr) visit("correction", *parts_.correction);
  if (parts_.outer != nullptr) visit("outer", *parts_.outer);
  if (parts_.participation != nullptr) visit("participation", *parts_.participation);
  if (parts_.batches != nullptr) visit("batches", *parts_.batches);
  for (std::size_t i = 0; i < parts_.regularizers.size(); ++i)
    visit("regularizer." + std::to_string(i), *parts_.regularizers[i]);
}

void Peer::visit_position(StateVisitor& visitor) {
  {
    const std::scoped_lock lock(mutex_);
    members_kept_ = exchange_->members().all().size();
  }
  visitor.count("members", members_kept_);
  visitor.count("step", step_);
  visitor.count("round", round_);
  visitor.number("loss", loss_mean_);
  visitor.number("learning_rate_sum", learning_rate_sum_);
  visitor.flag("overlap", overlap_);
  visitor.flag("push_due", push_due_);
  visitor.flag("round_open", round_open_);
}

void Peer::resume(kernels::ConstView estimate, StateVisitor& position, StateVisitor* parts) {
  mass_.restart(estimate);
  begin_own_statistics();
  copy_stale_ = true;
  visit_position(position);
  if (parts != nullptr) visit_parts(*parts);
  step_ = std::min(step_, options_.steps);
  pushed_weights_.assign(parts_.layout->block_count(), 1.0);
  // Then and now: else the round that was open will never be complete.
  const bool alone = members_kept_ == 1 && exchange_->members().all().size() == 1;
  if (!alone || parts == nullptr) {
    round_open_ = false;
    learning_rate_sum_ = 0.0;
    start_parts();
  } else if (parts_.correction != nullptr) {
    parts_.correction->restore_companions(mass_);
  }
  exchange_->set_progress({phase_, steps_behind(), step_seconds_, round_});
}

}  // namespace peers
