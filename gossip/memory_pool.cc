#include "gossip/memory_pool.h"

#include <utility>

namespace gossip {

MemoryPool::MemoryPool(std::size_t bytes, std::size_t free_max)
    : bytes_(bytes), free_(std::make_shared<Free>(free_max)) {}

std::shared_ptr<std::byte> MemoryPool::take() {
  AlignedMemory memory = free_->take();
  if (!memory) memory = allocate_aligned(bytes_);
  return {memory.release(),
          [free = free_](std::byte* bytes) { free->give_back(AlignedMemory(bytes)); },
          Counts<std::byte>(free_)};
}

MemoryPool::Free::Free(std::size_t max) : free_max(max) {
  pieces.reserve(max);
  counts.reserve(max);
}

MemoryPool::Free::~Free() {
  for (void* const count : counts) ::operator delete(count);
}

void* MemoryPool::Free::take_count(std::size_t bytes) {
  const std::scoped_lock lock(mutex);
  if (counts.empty()) return ::operator new(bytes);
  void* const count = counts.back();
  counts.pop_back();
  return count;
}

void MemoryPool::Free::give_back_count(void* count) {
  const std::scoped_lock lock(mutex);
  if (counts.size() < free_max)
    counts.push_back(count);
  else
    ::operator delete(count);
}

AlignedMemory MemoryPool::Free::take() {
  const std::scoped_lock lock(mutex);
  if (pieces.empty()) return nullptr;
  AlignedMemory memory = std::move(pieces.back());
  pieces.pop_back();
  return memory;
}

void MemoryPool::Free::give_back(AlignedMemory memory) {
  const std::scoped_lock lock(mutex);
  if (pieces.size() < free_max) pieces.push_back(std::move(memory));
}

}  // namespace gossip
