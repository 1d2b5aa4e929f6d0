#pragma once
// Checkpoints while training goes on: the trainer copies its state, a thread of its own writes the
// copy.

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "kernels/backend.h"
#include "models/parameter_tensor.h"
#include "peers/checkpoint_file.h"
#include "peers/peer.h"
#include "runtime/clock.h"
#include "runtime/result.h"

namespace peers {

// The trainer's thread calls. One copy of the state is kept, however slow the disk.
class CheckpointWriter {
 public:
  struct Options {
    std::filesystem::path folder;
    std::size_t keep = 2;  // the latest so many
    std::vector<models::ParameterTensor> tensors;
    const runtime::Clock* clock = nullptr;  // outlives it
  };
  struct Outcome {
    std::filesystem::path path;
    std::uint64_t step = 0;
    std::uint64_t bytes = 0;
    double stall_seconds = 0.0;  // that the trainer took to copy
    double seconds = 0.0;        // that writing took, beside it
    runtime::Status status;      // why there is none: the disk is full, a parameter is not finite
  };
  explicit CheckpointWriter(Options options);
  ~CheckpointWriter();  // waits for what is being written
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // False, and nothing is done, while the last one is being written or its outcome was not taken.
  bool save(Peer& peer, kernels::Backend& backend, const CheckpointNote& note);
  [[nodiscard]] std::optional<Outcome> take_outcome();  // empty: none yet
  [[nodiscard]] std::optional<Outcome> wait();          // empty: nothing was being written

 private:
  enum class Stage : std::uint8_t { kIdle, kCopied, kWritten };

  void run();
  void write();

  Options options_;
  CheckpointNote note_;  // the side that stage_ says owns these three
  PeerState state_;
  Outcome outcome_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Stage stage_ = Stage::kIdle;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace peers
