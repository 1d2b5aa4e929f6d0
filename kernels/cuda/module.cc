#include "kernels/cuda/module.h"

#include <cstdio>
#include <memory>
#include <utility>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/device.h"

kernels::Backend* murmur_open_cuda(const kernels::CudaOptions& options, char* error,
                                   std::size_t error_bytes) {
  auto opened = kernels::cuda::Device::open(options);
  if (!opened) {
    std::snprintf(error, error_bytes, "%s", opened.error().message.c_str());
    return nullptr;
  }
  return std::make_unique<kernels::cuda::CudaBackend>(std::move(opened).value()).release();
}
