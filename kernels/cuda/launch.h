#pragma once
// Our kernels are bodies run once for each index; this is the only place that launches one.

#include <cuda_runtime.h>

#include <cstddef>

namespace kernels::cuda {

template <typename Body>
__global__ void run_body(std::size_t count, Body body) {
  const std::size_t index = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (index < count) body(index);
}

// Queues body(0) ... body(count - 1), in no order and all at once. `body` is copied to the device:
// it may capture numbers and pointers to the device's memory, nothing of the host's.
template <typename Body>
[[nodiscard]] cudaError_t launch(cudaStream_t stream, std::size_t count, const Body& body) {
  if (count == 0) return cudaSuccess;
  constexpr std::size_t kThreadsPerBlock = 256;
  const auto blocks = static_cast<unsigned>((count + kThreadsPerBlock - 1) / kThreadsPerBlock);
  run_body<<<blocks, kThreadsPerBlock, 0, stream>>>(count, body);
  return cudaGetLastError();
}

}  // namespace kernels::cuda
