#include "peers/network_objective.h"

#include <algorithm>

#include "models/evaluate.h"

namespace peers {
namespace {

constexpr std::size_t kEvaluationBatch = 256;
// More is not held for an evaluation than for a step, unless it is little.
constexpr std::size_t kEvaluationNumbers = 8U << 20U;

std::size_t evaluation_batch(const models::Network& network, std::size_t train_batch,
                             std::size_t samples) {
  const std::size_t little = kEvaluationNumbers / network.activation_count();
  return std::min({kEvaluationBatch, std::max(train_batch, little), samples});
}

}  // namespace

NetworkObjective::NetworkObjective(Parts parts)
    : parts_(std::move(parts)),
      stage_(*parts_.backend, *parts_.test, std::max(parts_.batch, parts_.batch_max)) {}

void NetworkObjective::write_start(kernels::View host) const {
  std::ranges::copy(parts_.start, host.as<float>().begin());
}

void NetworkObjective::next_batch() { batch_ = stage_.stage(parts_.loader->next()); }

double NetworkObjective::gradient_at(kernels::ConstView estimate, kernels::View gradient) {
  return parts_.network->loss_and_gradient(estimate, batch_, gradient);
}

void NetworkObjective::gradient_of_part(const Part& part, kernels::ConstView estimate,
                                        kernels::View gradient) {
  const std::size_t numbers = batch_.samples.count() / batch_.size;
  const std::size_t labels = batch_.labels.count() / batch_.size;
  const models::Batch of_part{
      .samples = batch_.samples.slice(part.first * numbers, part.count * numbers),
      .labels = batch_.labels.slice(part.first * labels, part.count * labels),
      .size = part.count,
      .draw = batch_.draw};
  static_cast<void>(parts_.network->loss_and_gradient(estimate, of_part, gradient));
}

void NetworkObjective::set_batch_samples(std::size_t samples) {
  CHECK(samples <= std::max(parts_.batch, parts_.batch_max));
  if (samples == parts_.batch) return;
  parts_.batch = samples;
  parts_.loader->set_batch(samples);
}

// A batch follows from its number, with all that is drawn for it.
void NetworkObjective::visit_state(StateVisitor& visitor) {
  std::uint64_t batch = parts_.loader->step();
  visitor.count("batch", batch);
  if (parts_.batch_max == 0) {
    if (batch != parts_.loader->step()) parts_.loader->seek(batch);
    return;
  }
  // Batches have had several sizes: where in the order of samples it is, says more.
  std::uint64_t position = parts_.loader->position();
  std::uint64_t size = parts_.batch;
  visitor.count("position", position);
  visitor.count("size", size);
  if (position == parts_.loader->position() && size == parts_.batch) return;
  parts_.batch = size;
  parts_.loader->seek({.step = batch, .position = position, .batch = size});
}

std::optional<Quality> NetworkObjective::evaluate(kernels::ConstView estimate) {
  const models::Evaluation evaluation =
      models::evaluate(*parts_.network, *parts_.backend, estimate, *parts_.test,
                       evaluation_batch(*parts_.network, parts_.batch, parts_.test->size()));
  return Quality{evaluation.loss, evaluation.accuracy};
}

}  // namespace peers
