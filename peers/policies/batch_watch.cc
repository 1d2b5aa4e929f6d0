#include "peers/policies/batch_watch.h"

#include <utility>

namespace peers {

using Topic = gossip::Note::Topic;

BatchWatch::BatchWatch(Parts parts, const VectorSpace& space)
    : parts_(std::move(parts)), gradient_(space) {}

void BatchWatch::before_gradient(std::uint64_t step, Objective& objective,
                                 kernels::ConstView estimate, kernels::View room) {
  const bool advises = parts_.noise && parts_.noise->due(step);
  const bool measures = parts_.growth && parts_.growth->measures(step);
  if (!advises && !measures) return;
  gradient_.take(objective, estimate, room);
  if (advises) parts_.noise->add(gradient_);
  if (measures) parts_.growth->add(gradient_);
}

void BatchWatch::after_step(std::uint64_t steps) {
  steps_worth_ += parts_.growth ? parts_.growth->growth() : 1.0;
  if (parts_.growth) parts_.growth->after_step(steps);
}

std::vector<gossip::Note> BatchWatch::notes() {
  std::vector<gossip::Note> notes;
  if (parts_.noise)
    if (auto note = parts_.noise->note()) notes.push_back(*std::move(note));
  if (parts_.growth)
    if (auto note = parts_.growth->note()) notes.push_back(*std::move(note));
  return notes;
}

bool BatchWatch::listens() const {
  return (parts_.noise && parts_.noise->listens()) || (parts_.growth && parts_.growth->listens());
}

void BatchWatch::hear(const gossip::Notes& notes, std::size_t peers, Objective& objective) {
  if (parts_.noise) parts_.noise->hear(notes.of(Topic::kNoise));
  if (parts_.growth && parts_.growth->hear(notes.of(Topic::kDiversity), peers))
    objective.set_batch_samples(parts_.growth->batch());
}

double BatchWatch::rate_factor() const {
  return parts_.growth && parts_.rescale ? parts_.growth->growth() : 1.0;
}

const std::vector<gossip::NoiseReport>& BatchWatch::report() const {
  return parts_.noise ? parts_.noise->report() : nothing_;
}

void BatchWatch::visit_state(StateVisitor& visitor) {
  visitor.number("steps_worth", steps_worth_);
  const auto visit = [&visitor](std::string_view name, auto& part) {
    PartVisitor named(name, visitor);
    part.visit_state(named);
  };
  if (parts_.noise) visit("noise", *parts_.noise);
  if (parts_.growth) visit("growth", *parts_.growth);
}

}  // namespace peers
