#pragma once
// Products of matrices by cuBLASLt, which adds biases and applies ReLUs as it writes them.

#include <cublas_v2.h>

#include <cstdint>
#include <memory>

#include "kernels/precision.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

class Device;

// out (rows x columns) = left right, in cuBLAS's words: matrices are column-major, and a step leads
// from a column to the next as it lies. Sizes are at least 1.
struct BlasProduct {
  cublasOperation_t left_operation = CUBLAS_OP_N;
  cublasOperation_t right_operation = CUBLAS_OP_N;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t inner = 0;
  std::int64_t left_step = 0;
  std::int64_t right_step = 0;
  std::int64_t out_step = 0;
  Precision precision = Precision::kF32;

  bool operator==(const BlasProduct&) const = default;
  [[nodiscard]] cudaDataType_t factor_type() const {
    return precision == Precision::kBf16 ? CUDA_R_16BF : CUDA_R_32F;
  }
  [[nodiscard]] cublasComputeType_t compute_type() const {
    return precision == Precision::kTf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  }
};

// The device's memory: factors of the product's type, all else f32.
struct BlasOperands {
  const void* left = nullptr;
  const void* right = nullptr;
  float* out = nullptr;
  bool add = false;             // to what `out` holds
  const float* bias = nullptr;  // one for each row of `out`, or null
  Activation activation = Activation::kNone;
};

// What it finds out about a product it keeps. One thread at a time; always the same device.
class BlasLt {
 public:
  BlasLt();
  ~BlasLt();
  BlasLt(BlasLt&&) noexcept;
  BlasLt& operator=(BlasLt&&) noexcept;
  BlasLt(const BlasLt&) = delete;
  BlasLt& operator=(const BlasLt&) = delete;

  // out = activation(left right + bias), the same bits every time. False, and nothing queued, where
  // cuBLASLt has no kernel that does it all, or the bias does not lie on 16 bytes. Where it has
  // none for the product alone, that is said once on standard error. Works in the device's
  // blas_memory(). While recording, what has not been done before spoils the recording instead,
  // which never runs: true, and nothing queued.
  [[nodiscard]] bool multiply(Device& device, const BlasProduct& product,
                              const BlasOperands& operands);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kernels::cuda
