// A CUDA module on a machine whose GPUs all refuse.

#include <cstdio>

#include "kernels/cuda/module.h"

kernels::Backend* murmur_open_cuda(const kernels::CudaOptions& options, char* error,
                                   std::size_t error_bytes) {
  std::snprintf(error, error_bytes, "no such device: %d", options.device);
  return nullptr;
}
