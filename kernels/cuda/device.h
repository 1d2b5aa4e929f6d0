#pragma once
// One GPU made ready: a stream, cuBLAS, cuBLASLt and cuDNN on it, and scratch memory that all
// operators share.

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "kernels/cuda/blaslt.h"
#include "kernels/cuda/cudnn_handle.h"
#include "kernels/cuda/module.h"
#include "kernels/precision.h"
#include "runtime/result.h"

namespace kernels::cuda {

struct FreeMemory {
  void operator()(void* memory) const;
};
struct DestroyStream {
  void operator()(cudaStream_t stream) const;
};
using Stream = std::unique_ptr<CUstream_st, DestroyStream>;
struct DestroyBlas {
  void operator()(cublasHandle_t blas) const;
};

// As much as cuBLAS would take by itself on the GPUs that like most.
constexpr std::size_t kBlasMemoryBytes = std::size_t{32} << 20U;

// What cuDNN works in: operands that are not taken as they lie, what one of its passes leaves for
// the next, and room of its own. Several are in use at once, so they are apart from each other.
enum class CudnnRoom : std::uint8_t {
  kIn,
  kWeight,
  kOut,
  kBias,
  kDOut,
  kDIn,
  kStats,  // one number of each row of attention's scores, or of each channel, and so kSums
  kSums,
  kWorkspace,
  kCount
};

// Everything is queued on the one stream, in the order of the calls. One thread at a time, any
// thread.
class Device {
 public:
  // Fails with a line for a person when there is no driver, the driver is too old, no such device
  // answers, or the device cannot run this build's kernels.
  [[nodiscard]] static runtime::Result<Device> open(const CudaOptions& options);

  [[nodiscard]] int index() const { return index_; }
  [[nodiscard]] const std::string& name() const { return name_; }                // "cuda:0"
  [[nodiscard]] const std::string& description() const { return description_; }  // for a person

  // Of products: what was asked for where the GPU multiplies it, else f32.
  [[nodiscard]] Precision precision() const { return precision_; }

  // CUDA's current device is a setting of the calling thread, so every use sets it first.
  void select() const;
  [[nodiscard]] cudaStream_t stream() const;  // selects
  [[nodiscard]] cublasHandle_t blas() const;  // selects
  // kBlasMemoryBytes that cuBLAS works in, and cuBLASLt: the stream keeps them apart.
  [[nodiscard]] void* blas_memory() const { return blas_memory_.get(); }
  [[nodiscard]] BlasLt& blaslt() { return blaslt_; }
  [[nodiscard]] cudnnContext* cudnn() const;  // selects; null in a build without cuDNN
  void synchronize() const;                   // waits for all that was queued
  [[nodiscard]] Stream new_stream() const;    // another one, beside stream()

  // Memory of any content, for cudaFree(). Where there is none left, says so for a person on
  // standard error and ends the process with status 1: nothing can go on without it.
  [[nodiscard]] void* allocate(std::size_t bytes) const;

  // Between these what is queued is kept instead (kernels/cuda/graph.h), and no memory comes or
  // goes. The second says whether nothing was asked for that could not be given.
  void begin_recording();
  [[nodiscard]] bool end_recording();
  [[nodiscard]] bool is_recording() const { return recording_; }
  // Says that what is being recorded is of no use. It never runs, so anything may be queued.
  void spoil_recording() { spoiled_ = true; }
  // Another one whenever what was recorded before is no good any more: memory that scratch(),
  // factors() or room() gave has moved, or a plan has gone, with the kernels compiled for it.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  void end_epoch() { ++epoch_; }

  // At least `count` numbers of any content, valid until the next call. What was queued before may
  // still use it: the stream keeps the order.
  template <typename T>
  [[nodiscard]] T* scratch(std::size_t count) {
    return static_cast<T*>(grown(scratch_, count * sizeof(T)));
  }
  // The same for the factors of a product, which may be read from scratch() memory.
  template <typename T>
  [[nodiscard]] T* factors(std::size_t count) {
    return static_cast<T*>(grown(factors_, count * sizeof(T)));
  }
  // And for cuDNN: at least so many bytes, valid until the next call for that room.
  [[nodiscard]] void* room(CudnnRoom which, std::size_t bytes) {
    return grown(cudnn_rooms_[static_cast<std::size_t>(which)], bytes);
  }

 private:
  struct Room {
    std::unique_ptr<void, FreeMemory> memory;
    std::size_t bytes = 0;
  };

  explicit Device(int index) : index_(index), name_("cuda:" + std::to_string(index)) {}
  [[nodiscard]] cudaError_t describe(Precision wanted);
  [[nodiscard]] cudaError_t give_blas_memory();
  [[nodiscard]] void* grown(Room& room, std::size_t bytes);

  int index_;
  std::string name_;
  std::string description_;
  Precision precision_ = Precision::kF32;
  Stream stream_;
  std::unique_ptr<void, FreeMemory> blas_memory_;
  std::unique_ptr<cublasContext, DestroyBlas> blas_;
  BlasLt blaslt_;
  CudnnHandle cudnn_;
  bool recording_ = false;
  bool spoiled_ = false;
  std::uint64_t epoch_ = 0;
  Room scratch_;
  Room factors_;
  std::array<Room, static_cast<std::size_t>(CudnnRoom::kCount)> cudnn_rooms_;
};

}  // namespace kernels::cuda
