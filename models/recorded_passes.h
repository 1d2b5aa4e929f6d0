#pragma once
// Passes that a device takes again as one, instead of being told of every operator anew: of a small
// network that takes a GPU less time than the telling.

#include <array>
#include <cstddef>
#include <memory>

#include "kernels/backend.h"

namespace models {

// All that a pass depends on beside the numbers that lie in memory.
struct PassKey {
  const void* parameters = nullptr;
  const void* rounded = nullptr;  // parameters' (ConstView::rounded())
  const void* samples = nullptr;
  const void* labels = nullptr;
  const void* gradient = nullptr;
  std::size_t batch = 0;

  bool operator==(const PassKey&) const = default;
};

// Of one network; one thread at a time. The backend must outlive it.
class RecordedPasses {
 public:
  // Queues what action() queues: the first time for a key by calling it, in which memory is found
  // and plans are made; from the second on as recorded then, where the device records.
  template <typename Action>
  void run(kernels::Backend& backend, const PassKey& key, Action action) {
    Pass* const pass = find(key);
    if (pass == nullptr) {
      remember(key);
      return action();
    }
    if (pass->recording == nullptr && pass->may_record) {
      pass->recording = backend.record(action);
      pass->may_record = false;
    }
    if (pass->recording != nullptr && !pass->recording->queue()) {
      pass->recording = nullptr;  // memory is found anew in this call, so the next may record
      pass->may_record = true;
    }
    if (pass->recording == nullptr) action();
  }

  // Where what passes work in has moved.
  void clear() { passes_ = {}; }

 private:
  struct Pass {
    PassKey key;
    std::unique_ptr<kernels::Recording> recording;
    bool may_record = true;
  };

  Pass* find(const PassKey& key) {
    for (Pass& pass : passes_)
      if (pass.key == key) return &pass;
    return nullptr;
  }
  // In place of the oldest.
  void remember(const PassKey& key) {
    passes_[next_] = Pass{.key = key, .recording = nullptr, .may_record = true};
    next_ = (next_ + 1) % passes_.size();
  }

  // SAM has two to a step, a policy of batches some sizes.
  std::array<Pass, 8> passes_;
  std::size_t next_ = 0;
};

}  // namespace models
