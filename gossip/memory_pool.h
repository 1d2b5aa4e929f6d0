#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "gossip/aligned_memory.h"
#include "runtime/pool.h"

namespace gossip {

// Where host memory comes from, so many bytes of it: allocate_aligned(), or a device.
using MakeMemory = std::function<AlignedMemory(std::size_t bytes)>;

// Host memory in pieces of one size, aligned to a cache line. Thread-safe.
class MemoryPool {
 public:
  MemoryPool(std::size_t bytes, std::size_t free_max, MakeMemory make = allocate_aligned)
      : bytes_(bytes), make_(std::move(make)), pool_(free_max) {}

  [[nodiscard]] std::size_t piece_bytes() const { return bytes_; }
  [[nodiscard]] std::shared_ptr<std::byte> take() {
    return pool_.take([this] { return make_(bytes_); });
  }

 private:
  std::size_t bytes_;
  MakeMemory make_;
  runtime::Pool<AlignedMemory> pool_;
};

}  // namespace gossip
