#include "peers/checkpoint_writer.h"

#include <fmt/format.h>

#include <utility>

#include "kernels/vector.h"
#include "peers/checkpoint_folder.h"

namespace peers {

CheckpointWriter::CheckpointWriter(Options options)
    : options_(std::move(options)), thread_([this] { run(); }) {}

CheckpointWriter::~CheckpointWriter() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool CheckpointWriter::save(Peer& peer, kernels::Backend& backend, const CheckpointNote& note) {
  {
    const std::scoped_lock lock(mutex_);
    if (stage_ != Stage::kIdle) return false;
  }
  const runtime::Instant before = options_.clock->now();
  capture(peer, backend, state_);
  note_ = note;
  outcome_ = {.path = checkpoint_path(options_.folder, note.step), .step = note.step, .status = {}};
  outcome_.stall_seconds = runtime::to_seconds(options_.clock->now() - before);
  {
    const std::scoped_lock lock(mutex_);
    stage_ = Stage::kCopied;
  }
  changed_.notify_all();
  return true;
}

std::optional<CheckpointWriter::Outcome> CheckpointWriter::take_outcome() {
  const std::scoped_lock lock(mutex_);
  if (stage_ != Stage::kWritten) return std::nullopt;
  stage_ = Stage::kIdle;
  return std::exchange(outcome_, {});
}

std::optional<CheckpointWriter::Outcome> CheckpointWriter::wait() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stage_ != Stage::kCopied; });
  }
  return take_outcome();
}

void CheckpointWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || stage_ == Stage::kCopied; });
    if (stage_ != Stage::kCopied) return;
    lock.unlock();
    write();
    state_.estimate.lent = {};  // the trainer's again
    lock.lock();
    stage_ = Stage::kWritten;
    changed_.notify_all();
  }
}

void CheckpointWriter::write() {
  const runtime::Instant before = options_.clock->now();
  if (!kernels::vector::all_finite(state_.estimate.view())) {
    outcome_.status = runtime::Error{
        fmt::format("{}: not written: a parameter is not finite", outcome_.path.string())};
    return;
  }
  const models::SafetensorsFile file = peer_checkpoint(note_, state_, options_.tensors);
  outcome_.bytes = file.bytes();
  outcome_.status = file.write(outcome_.path);
  if (outcome_.status.ok()) remove_old_checkpoints(options_.folder, options_.keep);
  outcome_.seconds = runtime::to_seconds(options_.clock->now() - before);
}

}  // namespace peers
