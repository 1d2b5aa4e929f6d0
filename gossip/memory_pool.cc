#include "gossip/memory_pool.h"

#include <utility>

namespace gossip {

MemoryPool::MemoryPool(std::size_t bytes, std::size_t free_max)
    : bytes_(bytes), free_(std::make_shared<Free>(free_max)) {}

std::shared_ptr<std::byte> MemoryPool::take() {
  AlignedMemory memory = free_->take();
  if (!memory) memory = allocate_aligned(bytes_);
  return {memory.release(),
          [free = free_](std::byte* bytes) { free->give_back(AlignedMemory(bytes)); }};
}

AlignedMemory MemoryPool::Free::take() {
  const std::lock_guard lock(mutex);
  if (pieces.empty()) return nullptr;
  AlignedMemory memory = std::move(pieces.back());
  pieces.pop_back();
  return memory;
}

void MemoryPool::Free::give_back(AlignedMemory memory) {
  const std::lock_guard lock(mutex);
  if (pieces.size() < free_max) pieces.push_back(std::move(memory));
}

}  // namespace gossip
