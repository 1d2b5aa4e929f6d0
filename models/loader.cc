#include "models/loader.h"

#include <utility>

#include "models/augment.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace models {
namespace {

// This file's streams of the seed.
constexpr std::uint64_t kPasses = 0x706173736573;     // "passes"
constexpr std::uint64_t kAugment = 0x6175676d656e74;  // "augment"
constexpr std::uint64_t kDrawing = 0x64726177;        // "draw"

}  // namespace

BatchSequence::BatchSequence(const Dataset& dataset, std::vector<std::uint32_t> part,
                             const LoaderOptions& options)
    : dataset_(dataset),
      part_(std::move(part)),
      batch_(options.batch),
      seed_(options.seed),
      augment_(options.augment),
      picks_(options.picks),
      crop_({.height = dataset.shape().height,
             .width = dataset.shape().width,
             .channels = dataset.shape().channels,
             .padding = augmentation_of(dataset.shape()).padding}) {
  CHECK(!part_.empty() && batch_ > 0);
  if (augment_) image_.resize(dataset_.shape().count());
  seek(options.first_step);
}

void BatchSequence::begin_pass(std::uint64_t pass) {
  // Shuffled from the part's own order each time, so that any pass can be begun without the others.
  pass_ = pass;
  position_ = 0;
  order_ = part_;
  runtime::Random random(runtime::mix_bits(seed_ ^ kPasses), pass);
  random.shuffle(std::span(order_));
}

void BatchSequence::seek(std::uint64_t step) { seek_sample(step * batch_, batch_); }

void BatchSequence::seek_sample(std::uint64_t position, std::size_t batch) {
  batch_ = batch;
  begin_pass(position / part_.size());
  position_ = position % part_.size();
}

void BatchSequence::next(HostBatch& out) {
  const std::size_t pixels = dataset_.shape().count();
  out.samples.resize(picks_ ? 0 : batch_ * pixels);
  out.picks.clear();
  const std::size_t targets = dataset_.targets();
  out.labels.resize(batch_ * targets);
  // By the number of its first sample in the whole sequence, as below.
  out.draw =
      runtime::mix_bits(runtime::mix_bits(seed_ ^ kDrawing) + pass_ * part_.size() + position_);
  for (std::size_t i = 0; i < batch_; ++i) {
    if (position_ == order_.size()) begin_pass(pass_ + 1);
    const std::uint32_t index = order_[position_];
    const kernels::CropPick pick = pick_of(index);
    if (picks_)
      out.picks.insert(out.picks.end(), {pick.image, pick.top, pick.left, pick.mirrored});
    else
      read(pick, std::span(out.samples).subspan(i * pixels, pixels));
    dataset_.read_labels(index, std::span(out.labels).subspan(i * targets, targets));
    ++position_;
  }
}

// Chance by the sample's number in the whole sequence, so that a batch found by seek() is the same
// as one that was come to.
kernels::CropPick BatchSequence::pick_of(std::uint32_t index) const {
  if (!augment_) return {.image = static_cast<std::int32_t>(index)};
  runtime::Random random(runtime::mix_bits(seed_ ^ kAugment), pass_ * part_.size() + position_);
  return draw_crop(augmentation_of(dataset_.shape()), index, random);
}

void BatchSequence::read(const kernels::CropPick& pick, std::span<float> out) {
  const auto index = static_cast<std::size_t>(pick.image);
  if (!augment_) return dataset_.read(index, out);
  dataset_.read(index, image_);
  kernels::crop_image(crop_, image_, pick, out);
}

Loader::Loader(const Dataset& dataset, std::vector<std::uint32_t> part,
               const LoaderOptions& options)
    : sequence_(dataset, std::move(part), options),
      step_(options.first_step),
      position_(options.first_step * options.batch),
      batch_(options.batch),
      ahead_(options.ahead) {
  start();
}

Loader::~Loader() { stop(); }

void Loader::start() {
  if (ahead_) thread_ = std::thread([this] { prepare_until_stopped(); });
}

void Loader::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Loader::seek(std::uint64_t step) {
  seek({.step = step, .position = step * batch_, .batch = batch_});
}

void Loader::seek(const Place& place) {
  stop();  // from here on this thread is alone
  sequence_.seek_sample(place.position, place.batch);
  step_ = place.step;
  position_ = place.position;
  batch_ = place.batch;
  prepared_ = 0;
  taken_ = 0;
  stopping_ = false;
  start();
}

const HostBatch& Loader::next() {
  ++step_;
  position_ += batch_;
  if (!thread_.joinable()) {
    sequence_.next(slots_[0]);
    return slots_[0];
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return prepared_ > taken_; });
  const std::size_t slot = taken_++ % kSlots;
  lock.unlock();
  changed_.notify_all();
  return slots_[slot];
}

void Loader::prepare_until_stopped() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || prepared_ < taken_ + kAheadMax; });
    if (stopping_) return;
    HostBatch& slot = slots_[prepared_ % kSlots];
    lock.unlock();
    sequence_.next(slot);
    lock.lock();
    ++prepared_;
    changed_.notify_all();
  }
}

}  // namespace models
