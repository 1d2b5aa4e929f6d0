#include "kernels/cuda/blaslt_plan.h"

#include <algorithm>
#include <utility>

#include "kernels/cuda/device.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

// In bytes; 0 where there is nothing. No kernel asks for more than 256.
std::uint32_t alignment_of(const void* address) {
  const auto bits = reinterpret_cast<std::uintptr_t>(address);
  return static_cast<std::uint32_t>(std::min(bits & (~bits + 1), std::uintptr_t{256}));
}

cublasLtEpilogue_t epilogue_of(const BlasLtKey& key) {
  if (key.activation == Activation::kNone)
    return key.bias_alignment == 0 ? CUBLASLT_EPILOGUE_DEFAULT : CUBLASLT_EPILOGUE_BIAS;
  return key.bias_alignment == 0 ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_RELU_BIAS;
}

template <typename Value>
void set(const BlasLtOperation& operation, cublasLtMatmulDescAttributes_t which,
         const Value& value) {
  CUDA_CHECK(cublasLtMatmulDescSetAttribute(operation.get(), which, &value, sizeof(value)));
}

template <typename Value>
void set(const BlasLtDescriptor<cublasLtMatmulPreferenceOpaque_t>& preference,
         cublasLtMatmulPreferenceAttributes_t which, const Value& value) {
  CUDA_CHECK(cublasLtMatmulPreferenceSetAttribute(preference.get(), which, &value, sizeof(value)));
}

// The bias's address is said again before every use: it tells how the bias lies, too.
BlasLtOperation operation_of(const BlasLtKey& key, const float* bias) {
  cublasLtMatmulDesc_t made = nullptr;
  CUDA_CHECK(cublasLtMatmulDescCreate(&made, key.product.compute_type(), CUDA_R_32F));
  BlasLtOperation operation(made);
  set(operation, CUBLASLT_MATMUL_DESC_TRANSA, key.product.left_operation);
  set(operation, CUBLASLT_MATMUL_DESC_TRANSB, key.product.right_operation);
  set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(key));
  set(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
  return operation;
}

// Of a matrix as it lies, which an operation may turn.
BlasLtLayout layout_of(cudaDataType_t type, cublasOperation_t operation, std::int64_t rows,
                       std::int64_t columns, std::int64_t step) {
  if (operation == CUBLAS_OP_T) std::swap(rows, columns);
  cublasLtMatrixLayout_t made = nullptr;
  CUDA_CHECK(cublasLtMatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(rows),
                                        static_cast<std::uint64_t>(columns), step));
  return BlasLtLayout(made);
}

BlasLtDescriptor<cublasLtMatmulPreferenceOpaque_t> preference_of(const BlasLtKey& key) {
  cublasLtMatmulPreference_t made = nullptr;
  CUDA_CHECK(cublasLtMatmulPreferenceCreate(&made));
  BlasLtDescriptor<cublasLtMatmulPreferenceOpaque_t> preference(made);
  set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{kBlasMemoryBytes});
  // Parts of a sum may be summed apart, in f32, and added up in a step of their own: no result
  // depends on which of them comes first.
  set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      std::uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, key.left_alignment);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, key.right_alignment);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, key.out_alignment);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, key.out_alignment);
  return preference;
}

// cuBLAS's handle holds one of cuBLASLt, and serves as that.
cublasLtHandle_t handle_of(const Device& device) {
  return reinterpret_cast<cublasLtHandle_t>(device.blas());
}

}  // namespace

void DestroyBlasLt::operator()(cublasLtMatmulDescOpaque_t* operation) const {
  CUDA_CHECK(cublasLtMatmulDescDestroy(operation));
}
void DestroyBlasLt::operator()(cublasLtMatrixLayoutOpaque_t* layout) const {
  CUDA_CHECK(cublasLtMatrixLayoutDestroy(layout));
}
void DestroyBlasLt::operator()(cublasLtMatmulPreferenceOpaque_t* preference) const {
  CUDA_CHECK(cublasLtMatmulPreferenceDestroy(preference));
}

BlasLtKey key_of(const BlasProduct& product, const BlasOperands& operands) {
  return {.product = product,
          .activation = operands.activation,
          .left_alignment = alignment_of(operands.left),
          .right_alignment = alignment_of(operands.right),
          .out_alignment = alignment_of(operands.out),
          .bias_alignment = alignment_of(operands.bias)};
}

std::size_t BlasLtKeyHash::operator()(const BlasLtKey& key) const {
  const BlasProduct& p = key.product;
  std::size_t hash = 0;
  for (const std::int64_t part :
       {std::int64_t{p.left_operation}, std::int64_t{p.right_operation}, p.rows, p.columns, p.inner,
        p.left_step, p.right_step, p.out_step, static_cast<std::int64_t>(p.precision),
        static_cast<std::int64_t>(key.activation), std::int64_t{key.left_alignment},
        std::int64_t{key.right_alignment}, std::int64_t{key.out_alignment},
        std::int64_t{key.bias_alignment}})
    hash = (hash ^ static_cast<std::size_t>(part)) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 32U);
}

BlasLtPlan::BlasLtPlan(const BlasLtKey& key, const BlasOperands& operands)
    : operation_(operation_of(key, operands.bias)),
      left_(layout_of(key.product.factor_type(), key.product.left_operation, key.product.rows,
                      key.product.inner, key.product.left_step)),
      right_(layout_of(key.product.factor_type(), key.product.right_operation, key.product.inner,
                       key.product.columns, key.product.right_step)),
      out_(layout_of(CUDA_R_32F, CUBLAS_OP_N, key.product.rows, key.product.columns,
                     key.product.out_step)) {}

std::optional<BlasLtPlan> BlasLtPlan::find(const Device& device, const BlasLtKey& key,
                                           const BlasOperands& operands) {
  BlasLtPlan plan(key, operands);
  cublasLtMatmulHeuristicResult_t found{};
  int count = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle_of(device), plan.operation_.get(), plan.left_.get(), plan.right_.get(),
      plan.out_.get(), plan.out_.get(), preference_of(key).get(), 1, &found, &count);
  if (status != CUBLAS_STATUS_SUCCESS || count == 0 || found.state != CUBLAS_STATUS_SUCCESS)
    return std::nullopt;
  plan.algorithm_ = found.algo;
  return plan;
}

bool BlasLtPlan::run(const Device& device, const BlasOperands& operands) const {
  set(operation_, CUBLASLT_MATMUL_DESC_BIAS_POINTER, operands.bias);
  const float one = 1;
  const float kept = operands.add ? 1 : 0;
  return cublasLtMatmul(handle_of(device), operation_.get(), &one, operands.left, left_.get(),
                        operands.right, right_.get(), &kept, operands.out, out_.get(), operands.out,
                        out_.get(), &algorithm_, device.blas_memory(), kBlasMemoryBytes,
                        device.stream()) == CUBLAS_STATUS_SUCCESS;
}

}  // namespace kernels::cuda
