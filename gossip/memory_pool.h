#pragma once

#include <cstddef>
#include <memory>

#include "gossip/aligned_memory.h"
#include "runtime/pool.h"

namespace gossip {

// Host memory in pieces of one size, aligned to a cache line. Thread-safe.
class MemoryPool {
 public:
  MemoryPool(std::size_t bytes, std::size_t free_max) : bytes_(bytes), pool_(free_max) {}

  [[nodiscard]] std::size_t piece_bytes() const { return bytes_; }
  [[nodiscard]] std::shared_ptr<std::byte> take() {
    return pool_.take([this] { return allocate_aligned(bytes_); });
  }

 private:
  std::size_t bytes_;
  runtime::Pool<AlignedMemory> pool_;
};

}  // namespace gossip
