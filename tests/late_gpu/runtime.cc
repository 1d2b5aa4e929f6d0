// Devices and memory. A thread that has not chosen a device would have CUDA open the first one, on
// which this process may have no business.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "tests/late_gpu/stream.h"

namespace {

constexpr std::size_t kTotalBytes = std::size_t{4} << 30U;
constexpr std::size_t kAlignment = 256;

struct Memory {
  std::mutex mutex;
  std::map<const void*, std::size_t> pieces;
  std::size_t taken = 0;
};
Memory& memory_of_all() {
  static auto& memory = *new Memory;
  return memory;
}

thread_local bool has_device = false;

// What a call that allocates or frees answers at once, cudaSuccess being nothing.
cudaError_t refusal() {
  if (!has_device) {
    std::fputs("memory is allocated or freed on a thread that has chosen no device\n", stderr);
    std::abort();
  }
  return late_gpu::is_capturing() ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

}  // namespace

void __trap() {  // NOLINT
  std::fputs("a kernel has trapped\n", stderr);
  std::abort();
}

cudaError_t cudaGetLastError() { return cudaSuccess; }

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorInsufficientDriver:
      return "insufficient driver";
    case cudaErrorNoDevice:
      return "no device";
    case cudaErrorStreamCaptureUnsupported:
      return "not permitted while a stream is captured";
  }
  return "unknown";
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int /*device*/) {
  *properties = {.name = "no GPU, done late by the host",
                 .totalGlobalMem = kTotalBytes,
                 .major = 9,
                 .minor = 0};
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  has_device = has_device || device == 0;
  return device == 0 ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  if (const cudaError_t refused = refusal(); refused != cudaSuccess) return refused;
  *memory = nullptr;
  if (bytes == 0) return cudaSuccess;
  Memory& all = memory_of_all();
  const std::lock_guard lock(all.mutex);
  if (bytes > kTotalBytes - all.taken) return cudaErrorMemoryAllocation;
  *memory = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  if (*memory == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*memory, 0xFF, bytes);
  all.pieces[*memory] = bytes;
  all.taken += bytes;
  return cudaSuccess;
}

cudaError_t cudaFree(void* memory) {
  if (const cudaError_t refused = refusal(); refused != cudaSuccess) return refused;
  late_gpu::run_all();
  if (memory == nullptr) return cudaSuccess;
  Memory& all = memory_of_all();
  const std::lock_guard lock(all.mutex);
  const auto found = all.pieces.find(memory);
  if (found == all.pieces.end()) return cudaErrorInvalidValue;
  all.taken -= found->second;
  all.pieces.erase(found);
  std::free(memory);
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned /*flags*/) {
  if (const cudaError_t refused = refusal(); refused != cudaSuccess) return refused;
  *memory = std::aligned_alloc(kAlignment, bytes / kAlignment * kAlignment + kAlignment);
  return *memory == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

cudaError_t cudaFreeHost(void* memory) {
  if (const cudaError_t refused = refusal(); refused != cudaSuccess) return refused;
  late_gpu::run_all();
  std::free(memory);
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  Memory& all = memory_of_all();
  const std::lock_guard lock(all.mutex);
  *free = kTotalBytes - all.taken;
  *total = kTotalBytes;
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  late_gpu::queue(stream, [=] {
    if (bytes > 0) std::memset(memory, value, bytes);
  });
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind /*kind*/,
                            cudaStream_t stream) {
  late_gpu::queue(stream, [=] {
    if (bytes > 0) std::memcpy(to, from, bytes);
  });
  return cudaSuccess;
}
