#include <cublas_v2.h>

#include <atomic>
#include <bit>
#include <cstddef>

#include "kernels/precision.h"
#include "tests/late_gpu/stream.h"

struct cublasContext {
  cudaStream_t stream = nullptr;
};

namespace {

// A factor: op(matrix).
struct Factor {
  const void* numbers;
  cudaDataType type;
  std::int64_t step;
  bool turned;
  bool cut;  // to tf32

  [[nodiscard]] float at(std::int64_t row, std::int64_t column) const {
    const std::int64_t i = turned ? row * step + column : column * step + row;
    if (type == CUDA_R_16BF)
      return std::bit_cast<float>(std::uint32_t{static_cast<const std::uint16_t*>(numbers)[i]}
                                  << 16U);
    const float number = static_cast<const float*>(numbers)[i];
    return cut ? kernels::nearest_tf32(number) : number;
  }
};

struct Sizes {
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
};

void multiply(const Sizes& sizes, float alpha, const Factor& a, const Factor& b, float beta,
              float* c, std::int64_t c_step) {
  for (std::int64_t j = 0; j < sizes.n; ++j) {
    for (std::int64_t i = 0; i < sizes.m; ++i) {
      float sum = 0;
      for (std::int64_t l = 0; l < sizes.k; ++l) sum += a.at(i, l) * b.at(l, j);
      float& to = c[j * c_step + i];
      to = alpha * sum + (beta == 0 ? 0 : beta * to);
    }
  }
}

}  // namespace

const char* cublasGetStatusString(cublasStatus_t status) {
  if (status == CUBLAS_STATUS_SUCCESS) return "success";
  return status == CUBLAS_STATUS_NOT_SUPPORTED ? "not supported" : "invalid value";
}

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

// That is where a backend computes. Of every second one it is early there, and late only on its
// other streams: what these are not told to wait for, or it of them, shows one way or the other.
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  static std::atomic<unsigned> handles = 0;
  handle->stream = stream;
  if (handles++ % 2 == 1) late_gpu::hurry(stream);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t /*handle*/, void* /*memory*/,
                                  std::size_t /*bytes*/) {
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGemmEx_64(cublasHandle_t handle, cublasOperation_t a_operation,
                               cublasOperation_t b_operation, std::int64_t m, std::int64_t n,
                               std::int64_t k, const void* alpha, const void* a,
                               cudaDataType a_type, std::int64_t a_step, const void* b,
                               cudaDataType b_type, std::int64_t b_step, const void* beta, void* c,
                               cudaDataType c_type, std::int64_t c_step,
                               cublasComputeType_t compute, cublasGemmAlgo_t /*algorithm*/) {
  if (c_type != CUDA_R_32F || m < 0 || n < 0 || k < 0 || c_step < m)
    return CUBLAS_STATUS_INVALID_VALUE;
  const bool cut = compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  const Factor of_a{a, a_type, a_step, a_operation == CUBLAS_OP_T, cut};
  const Factor of_b{b, b_type, b_step, b_operation == CUBLAS_OP_T, cut};
  const float factor = *static_cast<const float*>(alpha);
  const float kept = *static_cast<const float*>(beta);
  late_gpu::queue(handle->stream, [=] {
    multiply({m, n, k}, factor, of_a, of_b, kept, static_cast<float*>(c), c_step);
  });
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemmStridedBatched_64(cublasHandle_t handle, cublasOperation_t a_operation,
                                            cublasOperation_t b_operation, std::int64_t m,
                                            std::int64_t n, std::int64_t k, const float* alpha,
                                            const float* a, std::int64_t a_step, long long a_next,
                                            const float* b, std::int64_t b_step, long long b_next,
                                            const float* beta, float* c, std::int64_t c_step,
                                            long long c_next, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const cublasStatus_t status = cublasGemmEx_64(
        handle, a_operation, b_operation, m, n, k, alpha, a + i * a_next, CUDA_R_32F, a_step,
        b + i * b_next, CUDA_R_32F, b_step, beta, c + i * c_next, CUDA_R_32F, c_step,
        CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
    if (status != CUBLAS_STATUS_SUCCESS) return status;
  }
  return CUBLAS_STATUS_SUCCESS;
}
