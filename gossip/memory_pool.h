#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "gossip/aligned_memory.h"

namespace gossip {

// Host memory in pieces of one size, aligned to a cache line. Whoever drops the last reference to a
// piece gives it back, on whatever thread that is, so that a steady run allocates none. Pieces may
// outlive the pool. Thread-safe.
class MemoryPool {
 public:
  // What comes back beyond `free_max` pieces was for a burst, and is released.
  MemoryPool(std::size_t bytes, std::size_t free_max);

  [[nodiscard]] std::shared_ptr<std::byte> take();

 private:
  struct Free {
    explicit Free(std::size_t max) : free_max(max) { pieces.reserve(max); }
    [[nodiscard]] AlignedMemory take();
    void give_back(AlignedMemory memory);

    std::size_t free_max;
    std::mutex mutex;
    std::vector<AlignedMemory> pieces;
  };

  std::size_t bytes_;
  std::shared_ptr<Free> free_;
};

}  // namespace gossip
