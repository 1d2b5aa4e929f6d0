#include "peers/network_objective.h"

#include <algorithm>
#include <cmath>

#include "models/evaluate.h"
#include "runtime/check.h"

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
      stage_(*parts_.backend, *parts_.tasks.front().test,
             std::max(parts_.batch, parts_.batch_max)) {
  load_task(0);
}

std::size_t NetworkObjective::task_of(std::uint64_t batch) const {
  if (parts_.task_steps == 0) return 0;
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(batch / parts_.task_steps, parts_.tasks.size() - 1));
}

// Batches of a task follow from their number in it.
void NetworkObjective::load_task(std::size_t task) {
  const Task& next = parts_.tasks[task];
  bring_samples(task);
  parts_.loading.batch = parts_.batch;
  parts_.loading.picks = resident_ != nullptr;
  loader_ = std::make_unique<models::Loader>(*next.train, next.part, parts_.loading);
  loaded_ = task;
}

void NetworkObjective::bring_samples(std::size_t task) {
  if (resident_task_ == task) return;
  const Task& next = parts_.tasks[task];
  resident_ = nullptr;  // its room is for the next one,
  test_.reset();        // and so is this: what is read at every step goes first
  resident_ =
      models::ResidentSet::of(*parts_.backend, *next.train, next.part, parts_.loading.augment);
  resident_task_ = task;
}

void NetworkObjective::write_start(kernels::View host) const {
  CHECK(parts_.start.size() == host.count());
  std::ranges::copy(parts_.start, host.as<float>().begin());
}

void NetworkObjective::next_batch() {
  task_ = next_task();
  if (task_ != loaded_) load_task(task_);
  batch_ = stage_.stage(loader_->next(), resident_.get());
  ++batches_;
}

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
  loader_->set_batch(samples);
}

// A batch follows from its number, with all that is drawn for it.
void NetworkObjective::visit_state(StateVisitor& visitor) {
  std::uint64_t batch = batches_;
  visitor.count("batch", batch);
  if (batch != batches_) {
    batches_ = batch;
    task_ = task_of(batch > 0 ? batch - 1 : 0);
    load_task(next_task());
    loader_->seek(batch - loaded_ * parts_.task_steps);
  }
  if (parts_.batch_max == 0) return;
  // Batches have had several sizes: where in the order of samples it is, says more.
  std::uint64_t position = loader_->position();
  std::uint64_t size = parts_.batch;
  visitor.count("position", position);
  visitor.count("size", size);
  if (position == loader_->position() && size == parts_.batch) return;
  parts_.batch = size;
  loader_->seek({.step = batch, .position = position, .batch = size});
}

std::optional<Quality> NetworkObjective::evaluate(kernels::ConstView estimate) {
  const models::Dataset& test = *parts_.tasks[task_].test;
  if (!test_ || &test_->dataset() != &test) test_.emplace(*parts_.backend, test);
  const models::Evaluation evaluation =
      models::evaluate(*parts_.network, estimate, *test_,
                       evaluation_batch(*parts_.network, parts_.batch, test.size()));
  return Quality{.loss = evaluation.loss,
                 .accuracy = evaluation.accuracy,
                 .guess_loss = std::log(static_cast<double>(parts_.network->classes()))};
}

}  // namespace peers
