#pragma once
// Counts what the program's operator new is asked for. Brings that operator: one file of a program
// may include this, and none that the thread sanitiser checks, whose own cannot be replaced.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace count_allocations {

inline std::atomic<std::size_t> count{0};

inline void* allocate(std::size_t bytes) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes == 0 ? 1 : bytes);
}

// How many while `action` runs, on all threads.
template <typename Action>
std::size_t in(Action action) {
  const std::size_t before = count.load();
  action();
  return count.load() - before;
}

}  // namespace count_allocations

// Never inlined: where g++ 12 inlines one of a pair, it warns that they do not match.
__attribute__((noinline)) void* operator new(std::size_t bytes) {
  void* const memory = count_allocations::allocate(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
__attribute__((noinline)) void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return count_allocations::allocate(bytes);
}
__attribute__((noinline)) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((noinline)) void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  count_allocations::count.fetch_add(1, std::memory_order_relaxed);
  const auto aligned = static_cast<std::size_t>(alignment);
  void* const memory = std::aligned_alloc(aligned, (bytes + aligned - 1) / aligned * aligned);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
