#pragma once
// In the place of the file of this name that launches kernels on a GPU.

#include <cuda_runtime.h>

#include <cstddef>

#include "tests/late_gpu/stream.h"

namespace kernels::cuda {

template <typename Body>
[[nodiscard]] cudaError_t launch(cudaStream_t stream, std::size_t count, const Body& body) {
  if (count > 0) late_gpu::queue_bodies(stream, count, body, late_gpu::is_turn_backwards());
  return cudaSuccess;
}

}  // namespace kernels::cuda
