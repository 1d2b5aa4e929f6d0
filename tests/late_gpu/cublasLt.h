#pragma once
// The part of cuBLASLt that kernels/cuda/ uses, on the GPU that is not there. It has no kernel for
// some products, and none with an epilogue for some more, so that what is done then is done.

#include <cublas_v2.h>

#include <cstddef>
#include <cstdint>

using cublasLtHandle_t = struct cublasLtContext*;
using cublasLtMatmulDesc_t = struct cublasLtMatmulDescOpaque_t*;
using cublasLtMatrixLayout_t = struct cublasLtMatrixLayoutOpaque_t*;
using cublasLtMatmulPreference_t = struct cublasLtMatmulPreferenceOpaque_t*;

struct cublasLtMatmulAlgo_t {
  std::uint64_t data[8];
};
struct cublasLtMatmulHeuristicResult_t {
  cublasLtMatmulAlgo_t algo;
  std::size_t workspaceSize;
  cublasStatus_t state;
};

enum cublasLtEpilogue_t {
  CUBLASLT_EPILOGUE_DEFAULT = 1,
  CUBLASLT_EPILOGUE_RELU = 2,
  CUBLASLT_EPILOGUE_BIAS = 4,
  CUBLASLT_EPILOGUE_RELU_BIAS = 6,
};
enum cublasLtMatmulDescAttributes_t {
  CUBLASLT_MATMUL_DESC_TRANSA,
  CUBLASLT_MATMUL_DESC_TRANSB,
  CUBLASLT_MATMUL_DESC_EPILOGUE,
  CUBLASLT_MATMUL_DESC_BIAS_POINTER,
};
enum cublasLtMatmulPreferenceAttributes_t {
  CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
  CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES,
};
constexpr unsigned CUBLASLT_REDUCTION_SCHEME_NONE = 0;
constexpr unsigned CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE = 2;

[[nodiscard]] cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation,
                                                      cublasComputeType_t compute,
                                                      cudaDataType_t scale);
[[nodiscard]] cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation);
[[nodiscard]] cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation,
                                                            cublasLtMatmulDescAttributes_t which,
                                                            const void* value, std::size_t bytes);
[[nodiscard]] cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout,
                                                        cudaDataType_t type, std::uint64_t rows,
                                                        std::uint64_t columns, std::int64_t step);
[[nodiscard]] cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout);
[[nodiscard]] cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference);
[[nodiscard]] cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference);
[[nodiscard]] cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
    cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t which,
    const void* value, std::size_t bytes);
[[nodiscard]] cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
    cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, cublasLtMatrixLayout_t a,
    cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
    cublasLtMatmulPreference_t preference, int wanted, cublasLtMatmulHeuristicResult_t* results,
    int* found);
[[nodiscard]] cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                            const void* alpha, const void* a,
                                            cublasLtMatrixLayout_t a_layout, const void* b,
                                            cublasLtMatrixLayout_t b_layout, const void* beta,
                                            const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                                            cublasLtMatrixLayout_t d_layout,
                                            const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                                            std::size_t workspace_bytes, cudaStream_t stream);
