#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "gossip/aligned_memory.h"

namespace gossip {

// Host memory in pieces of one size, aligned to a cache line. Whoever drops the last reference to a
// piece gives it back, on whatever thread that is, so that a steady run allocates none, nor what
// counts the references. Pieces may outlive the pool. Thread-safe.
class MemoryPool {
 public:
  // What comes back beyond `free_max` pieces was for a burst, and is released.
  MemoryPool(std::size_t bytes, std::size_t free_max);

  [[nodiscard]] std::size_t piece_bytes() const { return bytes_; }
  [[nodiscard]] std::shared_ptr<std::byte> take();

 private:
  struct Free {
    explicit Free(std::size_t max);
    ~Free();
    Free(const Free&) = delete;
    Free& operator=(const Free&) = delete;
    [[nodiscard]] AlignedMemory take();
    void give_back(AlignedMemory memory);
    [[nodiscard]] void* take_count(std::size_t bytes);  // of one size, always
    void give_back_count(void* count);

    std::size_t free_max;
    std::mutex mutex;
    std::vector<AlignedMemory> pieces;
    std::vector<void*> counts;
  };
  // Where a shared pointer keeps its count: an allocator, which keeps the pool's memory alive.
  template <typename T>
  struct Counts {
    using value_type = T;
    explicit Counts(std::shared_ptr<Free> of) : free(std::move(of)) {}
    template <typename Other>
    Counts(const Counts<Other>& other) : free(other.free) {}  // NOLINT(google-explicit-constructor)
    [[nodiscard]] T* allocate(std::size_t count) {
      return static_cast<T*>(free->take_count(count * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t /*count*/) { free->give_back_count(memory); }
    template <typename Other>
    bool operator==(const Counts<Other>& other) const {
      return free == other.free;
    }
    std::shared_ptr<Free> free;
  };

  std::size_t bytes_;
  std::shared_ptr<Free> free_;
};

}  // namespace gossip
