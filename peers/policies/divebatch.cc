#include "peers/policies/divebatch.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gossip/sketch.h"

namespace peers {
namespace {

constexpr gossip::SketchOptions kSketch{.width = gossip::kNoteSketchMax,
                                        .seed = gossip::kNoteSketchSeed};

}  // namespace

DiveBatch::DiveBatch(const DiveBatchOptions& options, const VectorSpace& space)
    : options_(options),
      batch_(options.batch),
      sum_(space.zeros()),
      host_(*space.backend),
      backend_(space.backend) {}

bool DiveBatch::measures(std::uint64_t step) const {
  const std::uint64_t pass = step / options_.pass_steps;
  return batch_ < options_.batch_max && (pass + 1) % options_.every_passes == 0;
}

// Sums, not means: the batch may grow on the way.
void DiveBatch::add(const SplitGradient& gradient) {
  const auto samples = static_cast<double>(gradient.samples());
  squares_ += samples * gradient.noise(0, sum_.view().count()).second_moment();
  samples_ += samples;
  backend_->axpy(samples, gradient.mean(), sum_.view());
}

void DiveBatch::after_step(std::uint64_t steps) {
  if (steps % options_.pass_steps != 0 || samples_ == 0.0) return;
  pass_ = steps / options_.pass_steps;
  const kernels::ConstView sum = host_.of(sum_.view());
  // The mean, whose size does not grow with the data.
  std::vector<double> sums(kSketch.width, 0.0);
  gossip::add_to_sketch(kSketch, 0, 1.0 / samples_, sum, sums);
  if (std::isfinite(squares_))
    note_ = gossip::Note{.topic = gossip::Note::Topic::kDiversity,
                         .numbers = {static_cast<double>(pass_), squares_, samples_},
                         .sketch = {sums.begin(), sums.end()}};
  squares_ = 0.0;
  samples_ = 0.0;
  backend_->fill(0.0, sum_.view());
}

std::optional<gossip::Note> DiveBatch::note() { return std::exchange(note_, std::nullopt); }

bool DiveBatch::hear(std::span<const gossip::SharedNote> notes, std::size_t peers) {
  if (!listens() || notes.size() != peers) return false;
  double pass = static_cast<double>(pass_);  // the oldest that any note is of
  double squares = 0.0;
  double samples = 0.0;
  std::vector<double> sum(kSketch.width, 0.0);  // V
  for (const gossip::SharedNote& note : notes) {
    if (note->numbers.size() != 3 || note->sketch.size() != kSketch.width) return false;
    pass = std::min(pass, note->numbers[0]);
    squares += note->numbers[1];
    samples += note->numbers[2];
    for (std::size_t k = 0; k < sum.size(); ++k)
      sum[k] += note->numbers[2] * static_cast<double>(note->sketch[k]);
  }
  if (pass <= static_cast<double>(decided_)) return false;  // somebody's is still to come
  decided_ = static_cast<std::uint64_t>(pass);
  double squared = 0.0;
  for (const double number : sum) squared += number * number;
  diversity_ = samples * squares / squared;
  const double wanted = options_.scale * diversity_ / static_cast<double>(peers);
  const auto most = static_cast<double>(options_.batch_max);
  const double next = std::isfinite(wanted) ? std::clamp(wanted, 0.0, most) : most;
  const std::size_t before = batch_;
  batch_ = std::max(batch_, static_cast<std::size_t>(next));  // it never shrinks
  return batch_ > before;
}

void DiveBatch::visit_state(StateVisitor& visitor) {
  std::uint64_t batch = batch_;
  visitor.count("batch", batch);
  batch_ = batch;
  visitor.number("squares", squares_);
  visitor.number("samples", samples_);
  visitor.vector("sum", sum_.view());
  visitor.count("pass", pass_);
  visitor.count("decided", decided_);
}

}  // namespace peers
