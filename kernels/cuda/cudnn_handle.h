#pragma once
// cuDNN's handle, so that Device can own one in a build with cuDNN (cudnn_handle.cc) and do without
// in one without (no_cudnn.cc).

#include <cuda_runtime.h>

#include <memory>
#include <string>

#include "runtime/result.h"

struct cudnnContext;  // cudnnHandle_t points to one

namespace kernels::cuda {

struct DestroyCudnn {
  void operator()(cudnnContext* handle) const;
};
using CudnnHandle = std::unique_ptr<cudnnContext, DestroyCudnn>;

// A handle of CUDA's current device that queues on `stream`; null in a build without cuDNN. Fails
// with what cuDNN says: parts of it are missing, or it does not know the device.
[[nodiscard]] runtime::Result<CudnnHandle> open_cudnn(cudaStream_t stream);

// For a person: "cuDNN 9.19", as loaded, or "without cuDNN".
[[nodiscard]] std::string cudnn_version();

}  // namespace kernels::cuda
