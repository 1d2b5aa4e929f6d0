#pragma once
// The part of cuBLAS that kernels/cuda/ uses, on the GPU that is not there: plain loops. Matrices
// lie columns first.

#include <cuda_runtime.h>

#include <cstdint>

enum cublasStatus_t {
  CUBLAS_STATUS_SUCCESS,
  CUBLAS_STATUS_INVALID_VALUE,
  CUBLAS_STATUS_NOT_SUPPORTED,
};
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
enum cudaDataType { CUDA_R_32F, CUDA_R_16BF };
using cudaDataType_t = cudaDataType;
enum cublasComputeType_t { CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_32F_FAST_TF32 };
enum cublasGemmAlgo_t { CUBLAS_GEMM_DEFAULT };
using cublasHandle_t = struct cublasContext*;

[[nodiscard]] const char* cublasGetStatusString(cublasStatus_t status);
[[nodiscard]] cublasStatus_t cublasCreate(cublasHandle_t* handle);
[[nodiscard]] cublasStatus_t cublasDestroy(cublasHandle_t handle);
[[nodiscard]] cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream);
[[nodiscard]] cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* memory,
                                                std::size_t bytes);

// c (m x n) = alpha op(a) op(b) + beta c
[[nodiscard]] cublasStatus_t cublasGemmEx_64(
    cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation,
    std::int64_t m, std::int64_t n, std::int64_t k, const void* alpha, const void* a,
    cudaDataType a_type, std::int64_t a_step, const void* b, cudaDataType b_type,
    std::int64_t b_step, const void* beta, void* c, cudaDataType c_type, std::int64_t c_step,
    cublasComputeType_t compute, cublasGemmAlgo_t algorithm);

// The same of f32 for `count` products, whose matrices lie so far from each other.
[[nodiscard]] cublasStatus_t cublasSgemmStridedBatched_64(
    cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation,
    std::int64_t m, std::int64_t n, std::int64_t k, const float* alpha, const float* a,
    std::int64_t a_step, long long a_next, const float* b, std::int64_t b_step, long long b_next,
    const float* beta, float* c, std::int64_t c_step, long long c_next, std::int64_t count);
