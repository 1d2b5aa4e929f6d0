#include "kernels/cuda/cudnn_handle.h"

#include <cudnn.h>
#include <fmt/format.h>

#include "runtime/check.h"

namespace kernels::cuda {

void DestroyCudnn::operator()(cudnnContext* handle) const {
  CHECK(cudnnDestroy(handle) == CUDNN_STATUS_SUCCESS);
}

runtime::Result<CudnnHandle> open_cudnn(cudaStream_t stream) {
  cudnnHandle_t handle = nullptr;
  cudnnStatus_t status = cudnnCreate(&handle);
  CudnnHandle opened(status == CUDNN_STATUS_SUCCESS ? handle : nullptr);
  if (status == CUDNN_STATUS_SUCCESS) status = cudnnSetStream(handle, stream);
  if (status != CUDNN_STATUS_SUCCESS)
    return runtime::Error{fmt::format("{}: {}", cudnn_version(), cudnnGetErrorString(status))};
  return opened;
}

// 91900 is 9.19.0.
std::string cudnn_version() {
  const std::size_t version = cudnnGetVersion();
  return fmt::format("cuDNN {}.{}", version / 10000, version % 10000 / 100);
}

}  // namespace kernels::cuda
