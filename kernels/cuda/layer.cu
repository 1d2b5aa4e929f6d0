#include "kernels/cuda/layer.h"

#include <cuda_bf16.h>

#include <cstdint>

#include "kernels/cuda/blaslt.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/cuda/sum_columns.h"
#include "runtime/check.h"

namespace kernels::cuda {
namespace {

// cuBLAS reads row-major matrices as their transposes, so it is asked for c^T = b^T a^T.
BlasProduct turned_of(const Product& product, Precision precision) {
  const std::size_t b_row = product.b_transposed ? product.inner : product.columns;
  const std::size_t a_row = product.a_transposed ? product.rows : product.inner;
  const auto signed_of = [](std::size_t count) { return static_cast<std::int64_t>(count); };
  return {.left_operation = product.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
          .right_operation = product.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
          .rows = signed_of(product.columns),
          .columns = signed_of(product.rows),
          .inner = signed_of(product.inner),
          .left_step = signed_of(b_row),
          .right_step = signed_of(product.a_step != 0 ? product.a_step : a_row),
          .out_step = signed_of(product.c_step != 0 ? product.c_step : product.columns),
          .precision = precision};
}

// to = from's rows, `step` apart, rounded and side by side.
void round_rows(Device& device, const Rows& size, std::size_t step, const float* from,
                __nv_bfloat16* to) {
  const std::size_t columns = size.columns;
  CUDA_CHECK(launch(device.stream(), size.rows * columns, [=] __device__(std::size_t i) {
    to[i] = __float2bfloat16_rn(from[i / columns * step + i % columns]);
  }));
}

// Puts rounded copies, side by side, in the place of both factors.
void round_factors(Device& device, const Product& product, BlasProduct& turned,
                   BlasOperands& operands) {
  constexpr std::size_t kAlignment = 128;  // numbers; cuBLAS is slower where factors lie anyhow
  const std::size_t a_count = product.rows * product.inner;
  const std::size_t b_count = product.columns * product.inner;
  const std::size_t b_offset = (a_count + kAlignment - 1) / kAlignment * kAlignment;
  auto* const a_rounded = device.factors<__nv_bfloat16>(b_offset + b_count);
  __nv_bfloat16* const b_rounded = a_rounded + b_offset;
  const std::size_t a_row = product.a_transposed ? product.rows : product.inner;
  round_rows(device, {a_count / a_row, a_row}, product.a_step != 0 ? product.a_step : a_row,
             static_cast<const float*>(operands.right), a_rounded);
  round_rows(device, {1, b_count}, b_count, static_cast<const float*>(operands.left), b_rounded);
  operands.left = b_rounded;
  operands.right = a_rounded;
  turned.right_step = static_cast<std::int64_t>(a_row);
}

void multiply_by_cublas(const Device& device, const BlasProduct& product,
                        const BlasOperands& operands) {
  const float one = 1;
  const float kept = operands.add ? 1 : 0;
  CUDA_CHECK(cublasGemmEx_64(
      device.blas(), product.left_operation, product.right_operation, product.rows, product.columns,
      product.inner, &one, operands.left, product.factor_type(), product.left_step, operands.right,
      product.factor_type(), product.right_step, &kept, operands.out, CUDA_R_32F, product.out_step,
      product.compute_type(), CUBLAS_GEMM_DEFAULT));
}

}  // namespace

void multiply(Device& device, const Product& product, const float* a, const float* b, float* c,
              const Finish& finish) {
  const bool is_bare = finish.bias == nullptr && finish.activation == Activation::kNone;
  CHECK(is_bare || (!product.add && product.c_step == 0));
  BlasProduct turned = turned_of(product, device.precision());
  BlasOperands operands{.left = b, .right = a, .out = c, .add = product.add};
  if (turned.precision == Precision::kBf16) round_factors(device, product, turned, operands);

  BlasOperands whole = operands;
  whole.bias = finish.bias;
  whole.activation = finish.activation;
  if (device.blaslt().multiply(device, turned, whole)) return;
  if (is_bare || !device.blaslt().multiply(device, turned, operands))
    multiply_by_cublas(device, turned, operands);
  add_bias(device, {product.rows, product.columns}, finish.activation, finish.bias, c);
}

void round_factor(Device& device, std::size_t count, const float* from, std::uint16_t* to) {
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    to[i] = __bfloat16_as_ushort(__float2bfloat16_rn(from[i]));
  }));
}

void widen_factor(Device& device, std::size_t count, const std::uint16_t* from, float* to) {
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    to[i] = __bfloat162float(__ushort_as_bfloat16(from[i]));
  }));
}

void add_bias(Device& device, const Rows& size, Activation activation, const float* bias,
              float* out) {
  if (bias == nullptr && activation == Activation::kNone) return;
  const std::size_t columns = size.columns;
  const bool relu = activation == Activation::kRelu;
  CUDA_CHECK(launch(device.stream(), size.rows * columns, [=] __device__(std::size_t i) {
    const float value = out[i] + (bias == nullptr ? 0 : bias[i % columns]);
    out[i] = relu && !(value > 0) ? 0 : value;
  }));
}

void mask_gradient(Device& device, const Rows& size, Activation activation, const float* out,
                   float* d_out) {
  if (activation == Activation::kNone) return;
  CUDA_CHECK(launch(device.stream(), size.rows * size.columns, [=] __device__(std::size_t i) {
    if (!(out[i] > 0)) d_out[i] = 0;
  }));
}

void add_up_rows(Device& device, const Rows& size, const float* d_out, float* d_bias) {
  sum_columns(
      device, size.rows, size.columns,
      [=] __device__(std::size_t i, std::size_t) { return d_out[i]; },
      [=] __device__(std::size_t column, float sum) { d_bias[column] = sum; });
}

}  // namespace kernels::cuda
