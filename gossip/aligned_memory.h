#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace gossip {

// Host memory for numbers, aligned to a cache line and not written on allocation: pages of a large
// model that nobody touches cost nothing.
struct AlignedDelete {
  void operator()(std::byte* bytes) const;
};
using AlignedMemory = std::unique_ptr<std::byte[], AlignedDelete>;

inline constexpr std::align_val_t kCacheLine{64};

inline void AlignedDelete::operator()(std::byte* bytes) const {
  ::operator delete[](bytes, kCacheLine);
}

[[nodiscard]] inline AlignedMemory allocate_aligned(std::size_t bytes) {
  return AlignedMemory(static_cast<std::byte*>(::operator new[](bytes, kCacheLine)));
}

}  // namespace gossip
