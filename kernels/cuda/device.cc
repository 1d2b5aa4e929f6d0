#include "kernels/cuda/device.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "kernels/cuda/first_kernel.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

// 13020 is 13.2.
std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

runtime::Error no_driver(const std::string& name) {
  int version = 0;
  if (cudaDriverGetVersion(&version) != cudaSuccess || version == 0) {
    return {fmt::format("{}: no NVIDIA driver answers", name)};
  }
  return {fmt::format("{}: the NVIDIA driver supports CUDA {}, this build needs {}", name,
                      version_text(version), version_text(CUDART_VERSION))};
}

// Whether GPU `index` is there.
runtime::Status find_device(int index, const std::string& name) {
  // On an error the count is left unwritten: only the status says anything.
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorNoDevice) {
    return runtime::Error{fmt::format("{}: the NVIDIA driver sees no GPU", name)};
  }
  if (status == cudaErrorInsufficientDriver) return no_driver(name);
  if (status != cudaSuccess) {
    return runtime::Error{fmt::format("{}: {}", name, cudaGetErrorString(status))};
  }
  if (index < 0 || index >= count) {
    return runtime::Error{fmt::format("{}: no such GPU; this machine has {}: cuda:0{}", name, count,
                                      count > 1 ? fmt::format(" to cuda:{}", count - 1) : "")};
  }
  return {};
}

}  // namespace

void FreeMemory::operator()(void* memory) const { CUDA_CHECK(cudaFree(memory)); }
void DestroyStream::operator()(cudaStream_t stream) const { CUDA_CHECK(cudaStreamDestroy(stream)); }
void DestroyBlas::operator()(cublasHandle_t blas) const { CUDA_CHECK(cublasDestroy(blas)); }

runtime::Result<Device> Device::open(const CudaOptions& options) {
  const int index = options.device;
  Device device(index);
  if (const auto found = find_device(index, device.name_); !found) return found.error();

  cudaError_t status = cudaSetDevice(index);
  if (status == cudaSuccess) status = device.describe(options.precision);
  cudaStream_t stream = nullptr;
  if (status == cudaSuccess) status = cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  device.stream_.reset(stream);
  // A GPU that this build has no code for fails here, not in the middle of a training.
  if (status == cudaSuccess) status = run_first_kernel(stream);
  if (status != cudaSuccess) {
    return runtime::Error{fmt::format("{}: {}", device.name_, cudaGetErrorString(status))};
  }

  cublasHandle_t blas = nullptr;
  cublasStatus_t blas_status = cublasCreate(&blas);
  device.blas_.reset(blas);
  if (blas_status == CUBLAS_STATUS_SUCCESS) blas_status = cublasSetStream(blas, stream);
  if (blas_status != CUBLAS_STATUS_SUCCESS) {
    return runtime::Error{
        fmt::format("{}: cuBLAS: {}", device.name_, cublasGetStatusString(blas_status))};
  }
  status = device.give_blas_memory();
  if (status != cudaSuccess) {
    return runtime::Error{fmt::format("{}: {}", device.name_, cudaGetErrorString(status))};
  }
  auto cudnn = open_cudnn(stream);
  if (!cudnn) return runtime::Error{fmt::format("{}: {}", device.name_, cudnn.error().message)};
  device.cudnn_ = std::move(cudnn).value();
  return device;
}

cudaError_t Device::describe(Precision wanted) {
  cudaDeviceProp properties{};
  const cudaError_t status = cudaGetDeviceProperties(&properties, index_);
  if (status != cudaSuccess) return status;
  constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
  int driver = 0;
  static_cast<void>(cudaDriverGetVersion(&driver));  // it has answered already
  description_ = fmt::format(
      "{}, {}, {:.0f} GiB, compute capability {}.{}, driver for CUDA {}, built for {}", name_,
      properties.name, static_cast<double>(properties.totalGlobalMem) / kGibibyte, properties.major,
      properties.minor, version_text(driver), version_text(CUDART_VERSION));
  constexpr int kFirstWithBoth = 8;  // bf16 and tf32
  if (properties.major >= kFirstWithBoth) precision_ = wanted;
  return cudaSuccess;
}

// From the outside, so that what is recorded brings none of its own.
cudaError_t Device::give_blas_memory() {
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, kBlasMemoryBytes);
  if (status != cudaSuccess) return status;
  blas_memory_.reset(memory);
  CUDA_CHECK(cublasSetWorkspace(blas_.get(), memory, kBlasMemoryBytes));
  return cudaSuccess;
}

void Device::begin_recording() {
  CHECK(!recording_);
  recording_ = true;
  spoiled_ = false;
}

bool Device::end_recording() {
  CHECK(recording_);
  recording_ = false;
  return !spoiled_;
}

void Device::select() const { CUDA_CHECK(cudaSetDevice(index_)); }

cudaStream_t Device::stream() const {
  select();
  return stream_.get();
}

cublasHandle_t Device::blas() const {
  select();
  return blas_.get();
}

cudnnContext* Device::cudnn() const {
  select();
  return cudnn_.get();
}

Stream Device::new_stream() const {
  select();
  cudaStream_t stream = nullptr;
  CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return Stream(stream);
}

void Device::synchronize() const { CUDA_CHECK(cudaStreamSynchronize(stream())); }

void* Device::allocate(std::size_t bytes) const {
  select();
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, bytes);
  if (status != cudaErrorMemoryAllocation) {
    CUDA_CHECK(status);
    return memory;
  }
  std::size_t free = 0;
  std::size_t total = 0;
  CUDA_CHECK(cudaMemGetInfo(&free, &total));
  fmt::print(stderr,
             "{}: out of memory: {} MiB more are needed, {} of {} MiB are free; a smaller "
             "train.batch takes less, and so do fewer programs on this GPU\n",
             name_, bytes >> 20U, free >> 20U, total >> 20U);
  std::_Exit(EXIT_FAILURE);  // other threads still work with what destructors would take away
}

void* Device::grown(Room& room, std::size_t bytes) {
  if (bytes > room.bytes && recording_) {
    spoil_recording();
  } else if (bytes > room.bytes) {
    synchronize();
    end_epoch();
    room.memory.reset();
    room.memory.reset(allocate(bytes));
    room.bytes = bytes;
  }
  return room.memory.get();
}

}  // namespace kernels::cuda
