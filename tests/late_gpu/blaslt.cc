#include <cublasLt.h>

#include <cstring>

#include "tests/late_gpu/stream.h"

struct cublasLtMatmulDescOpaque_t {
  cublasComputeType_t compute;
  cublasOperation_t a = CUBLAS_OP_N;
  cublasOperation_t b = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const float* bias = nullptr;
};
struct cublasLtMatrixLayoutOpaque_t {
  cudaDataType_t type;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t step;
};
struct cublasLtMatmulPreferenceOpaque_t {};

namespace {

template <typename Value>
cublasStatus_t read(Value& to, const void* value, std::size_t bytes) {
  if (bytes != sizeof(Value)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

// d = epilogue(d + bias), the bias one number a row.
void finish(const cublasLtMatmulDescOpaque_t& how, const cublasLtMatrixLayoutOpaque_t& layout,
            float* d) {
  const bool is_relu = (how.epilogue & CUBLASLT_EPILOGUE_RELU) != 0;
  const bool has_bias = (how.epilogue & CUBLASLT_EPILOGUE_BIAS) != 0;
  for (std::int64_t column = 0; column < layout.columns; ++column) {
    for (std::int64_t row = 0; row < layout.rows; ++row) {
      float& number = d[column * layout.step + row];
      if (has_bias) number += how.bias[row];
      if (is_relu && !(number > 0)) number = 0;
    }
  }
}

}  // namespace

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation,
                                        cublasComputeType_t compute, cudaDataType_t /*scale*/) {
  *operation = new cublasLtMatmulDescOpaque_t{.compute = compute};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation) {
  delete operation;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation,
                                              cublasLtMatmulDescAttributes_t which,
                                              const void* value, std::size_t bytes) {
  switch (which) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return read(operation->a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return read(operation->b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return read(operation->epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return read(operation->bias, value, bytes);
  }
  return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type,
                                          std::uint64_t rows, std::uint64_t columns,
                                          std::int64_t step) {
  *layout = new cublasLtMatrixLayoutOpaque_t{type, static_cast<std::int64_t>(rows),
                                             static_cast<std::int64_t>(columns), step};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete layout;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = new cublasLtMatmulPreferenceOpaque_t;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete preference;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t /*preference*/,
                                                    cublasLtMatmulPreferenceAttributes_t /*which*/,
                                                    const void* /*value*/, std::size_t /*bytes*/) {
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t /*handle*/,
                                              cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t /*preference*/, int wanted,
                                              cublasLtMatmulHeuristicResult_t* results,
                                              int* found) {
  const std::int64_t inner = operation->a == CUBLAS_OP_N ? a->columns : a->rows;
  const std::int64_t other = operation->b == CUBLAS_OP_N ? b->rows : b->columns;
  if (inner != other || wanted < 1 || c->rows != d->rows || c->columns != d->columns)
    return CUBLAS_STATUS_INVALID_VALUE;
  const bool is_fused = operation->epilogue != CUBLASLT_EPILOGUE_DEFAULT;
  const bool has_kernel = inner % 5 != 0 && (!is_fused || d->columns % 3 != 0);
  *found = has_kernel ? 1 : 0;
  if (has_kernel) results[0] = {.algo = {}, .workspaceSize = 0, .state = CUBLAS_STATUS_SUCCESS};
  return has_kernel ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                              const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
                              const void* b, cublasLtMatrixLayout_t b_layout, const void* beta,
                              const void* c, cublasLtMatrixLayout_t /*c_layout*/, void* d,
                              cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* /*algorithm*/, void* /*workspace*/,
                              std::size_t /*workspace_bytes*/, cudaStream_t stream) {
  if (c != d) return CUBLAS_STATUS_NOT_SUPPORTED;
  const std::int64_t inner = operation->a == CUBLAS_OP_N ? a_layout->columns : a_layout->rows;
  const cublasStatus_t status =
      cublasGemmEx_64(reinterpret_cast<cublasHandle_t>(handle), operation->a, operation->b,
                      d_layout->rows, d_layout->columns, inner, alpha, a, a_layout->type,
                      a_layout->step, b, b_layout->type, b_layout->step, beta, d, d_layout->type,
                      d_layout->step, operation->compute, CUBLAS_GEMM_DEFAULT);
  if (status == CUBLAS_STATUS_SUCCESS)
    late_gpu::queue(stream, [how = *operation, layout = *d_layout, d] {
      finish(how, layout, static_cast<float*>(d));
    });
  return status;
}
