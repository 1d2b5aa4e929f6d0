#include <fmt/format.h>

#include <memory>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/graph.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {

CudaBackend::~CudaBackend() {
  device_.synchronize();
  copies_.synchronize();
}

std::string CudaBackend::description() const {
  std::string text = device_.description() + ", " + cudnn_version();
  if (const std::size_t count = cudnn_.without_engine(); count > 0)
    text += fmt::format(" (no engine for {} convolutions so far)", count);
  return precision() == Precision::kF32 ? text : text + ", " + std::string(name_of(precision()));
}

Buffer CudaBackend::allocate(std::size_t count, Scalar scalar) {
  const std::size_t bytes = count * bytes_of(scalar);
  std::shared_ptr<void> owner(device_.allocate(bytes), FreeMemory{});
  CUDA_CHECK(cudaMemsetAsync(owner.get(), 0, bytes, device_.stream()));
  return {std::move(owner), count, scalar};
}

std::size_t CudaBackend::free_bytes() const {
  device_.select();
  std::size_t free = 0;
  std::size_t total = 0;
  CUDA_CHECK(cudaMemGetInfo(&free, &total));
  return free;
}

// Waits, so that the host's memory is the caller's again.
void CudaBackend::upload(ConstView host, View device) {
  CHECK(host.count() == device.count() && host.scalar() == device.scalar());
  CUDA_CHECK(cudaMemcpyAsync(device.data(), host.data(), host.bytes(), cudaMemcpyHostToDevice,
                             device_.stream()));
  device_.synchronize();
}

void CudaBackend::download(ConstView device, View host) {
  CHECK(host.count() == device.count() && host.scalar() == device.scalar());
  CUDA_CHECK(cudaMemcpyAsync(host.data(), device.data(), host.bytes(), cudaMemcpyDeviceToHost,
                             device_.stream()));
  device_.synchronize();
}

void CudaBackend::copy(ConstView x, View y) {
  CHECK(x.count() == y.count() && x.scalar() == y.scalar());
  if (x.data() == y.data()) return;
  CUDA_CHECK(
      cudaMemcpyAsync(y.data(), x.data(), x.bytes(), cudaMemcpyDeviceToDevice, device_.stream()));
}

std::unique_ptr<Recording> CudaBackend::recorded(void (*action)(void* context), void* context) {
  return Graph::of(device_, action, context);
}

}  // namespace kernels::cuda
