#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "kernels/crop.h"
#include "models/batch.h"
#include "models/datasets/dataset.h"

namespace models {

struct LoaderOptions {
  std::size_t batch = 32;
  std::uint64_t seed = 0;
  std::uint64_t first_step = 0;
  bool augment = false;  // each sample is cropped and mirrored at random (models/augment.h)
  bool picks = false;    // batches name samples and windows (HostBatch::picks), and hold none
  bool ahead = true;     // a thread of its own prepares batches; false: next() does, the same bits
};

// The endless sequence of batches of one part: pass after pass, each in an order of its own, end to
// end and cut into batches, so a batch may straddle two passes, and a part smaller than the batch
// comes round more than once in it. Batch k follows from (part, batch, seed, augment, k) alone.
class BatchSequence {
 public:
  // Begins at options.first_step. The dataset must outlive it. `part` is not empty; options.batch
  // is at least 1.
  BatchSequence(const Dataset& dataset, std::vector<std::uint32_t> part,
                const LoaderOptions& options);

  void seek(std::uint64_t step);  // the next batch is batch `step`, all before it as large
  void seek_sample(std::uint64_t position, std::size_t batch);  // of that sample and the next ones
  void next(HostBatch& out);

 private:
  void begin_pass(std::uint64_t pass);
  [[nodiscard]] kernels::CropPick pick_of(std::uint32_t index) const;
  void read(const kernels::CropPick& pick, std::span<float> out);

  const Dataset& dataset_;
  std::vector<std::uint32_t> part_;
  std::vector<std::uint32_t> order_;  // of the pass under way
  std::size_t batch_;
  std::uint64_t seed_;
  bool augment_;
  bool picks_;
  kernels::CropShape crop_;
  std::vector<float> image_;  // as it was before augmentation
  std::uint64_t pass_ = 0;
  std::size_t position_ = 0;  // in order_
};

// A BatchSequence, prepared ahead. Owned and called by one thread.
class Loader {
 public:
  Loader(const Dataset& dataset, std::vector<std::uint32_t> part, const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The next batch, valid until the next call. Waits if it is not ready.
  [[nodiscard]] const HostBatch& next();

  [[nodiscard]] std::uint64_t step() const { return step_; }  // of the batch that next() will give
  // Samples handed out so far: the next batch begins with the next one of the sequence.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  // After these three the batch handed out last is no longer valid.
  void seek(std::uint64_t step);  // as if all batches had been as large
  struct Place {
    std::uint64_t step = 0;
    std::uint64_t position = 0;
    std::size_t batch = 0;
  };
  void seek(const Place& place);
  void set_batch(std::size_t batch) { seek({step_, position_, batch}); }

 private:
  // One batch is the caller's, two wait for it at most.
  static constexpr std::size_t kAheadMax = 2;
  static constexpr std::size_t kSlots = kAheadMax + 1;

  void start();
  void stop();
  void prepare_until_stopped();

  BatchSequence sequence_;
  std::uint64_t step_;
  std::uint64_t position_;
  std::size_t batch_;
  bool ahead_;
  std::array<HostBatch, kSlots> slots_;

  std::mutex mutex_;  // guards what follows; a slot belongs to the side that these say
  std::condition_variable changed_;
  std::uint64_t prepared_ = 0;  // batches ever put into slots, round and round
  std::uint64_t taken_ = 0;     // batches ever handed out; the last is still in use
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace models
