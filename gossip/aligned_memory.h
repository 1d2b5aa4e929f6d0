#pragma once

#include <cstddef>
#include <new>

#include "kernels/host_memory.h"

namespace gossip {

// Host memory for numbers, aligned to a cache line.
using AlignedMemory = kernels::HostBytes;
inline constexpr std::align_val_t kCacheLine{64};

[[nodiscard]] inline AlignedMemory allocate_aligned(std::size_t bytes) {
  return kernels::allocate_bytes(bytes);
}

}  // namespace gossip
