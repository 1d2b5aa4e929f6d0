#include "kernels/cuda/layer.h"

#include <cuda_bf16.h>

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

// Long columns are summed in pieces, or a layer of few channels would keep few threads busy.
constexpr std::size_t kPiecesMax = 512;

// A product as cuBLAS is asked for it. It reads row-major matrices as their transposes, so it makes
// c^T = b^T a^T.
struct Turned {
  cublasOperation_t b;
  cublasOperation_t a;
  std::int64_t columns;
  std::int64_t rows;
  std::int64_t inner;
  std::int64_t b_row;
  std::int64_t a_row;  // side by side, not a step apart
  std::int64_t c_row;
};

Turned turned(const Product& product) {
  const auto rows = static_cast<std::int64_t>(product.rows);
  const auto columns = static_cast<std::int64_t>(product.columns);
  const auto inner = static_cast<std::int64_t>(product.inner);
  const auto c_step = static_cast<std::int64_t>(product.c_step);
  return {.b = product.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
          .a = product.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
          .columns = columns,
          .rows = rows,
          .inner = inner,
          .b_row = product.b_transposed ? inner : columns,
          .a_row = product.a_transposed ? rows : inner,
          .c_row = c_step != 0 ? c_step : columns};
}

// to = from's rows, `step` apart, rounded and side by side.
void round_rows(Device& device, const Rows& size, std::size_t step, const float* from,
                __nv_bfloat16* to) {
  const std::size_t columns = size.columns;
  CUDA_CHECK(launch(device.stream(), size.rows * columns, [=] __device__(std::size_t i) {
    to[i] = __float2bfloat16_rn(from[i / columns * step + i % columns]);
  }));
}

void multiply_bf16(Device& device, const Product& product, const float* a, const float* b,
                   float* c) {
  constexpr std::size_t kAlignment = 128;  // numbers; cuBLAS is slower where factors lie anyhow
  const std::size_t a_count = product.rows * product.inner;
  const std::size_t b_count = product.columns * product.inner;
  const std::size_t b_offset = (a_count + kAlignment - 1) / kAlignment * kAlignment;
  auto* const a_rounded = device.factors<__nv_bfloat16>(b_offset + b_count);
  __nv_bfloat16* const b_rounded = a_rounded + b_offset;
  const Turned t = turned(product);
  const auto a_row = static_cast<std::size_t>(t.a_row);
  round_rows(device, {a_count / a_row, a_row}, product.a_step != 0 ? product.a_step : a_row, a,
             a_rounded);
  round_rows(device, {1, b_count}, b_count, b, b_rounded);
  const float one = 1;
  const float kept = product.add ? 1 : 0;
  CUDA_CHECK(cublasGemmEx_64(device.blas(), t.b, t.a, t.columns, t.rows, t.inner, &one, b_rounded,
                             CUDA_R_16BF, t.b_row, a_rounded, CUDA_R_16BF, t.a_row, &kept, c,
                             CUDA_R_32F, t.c_row, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
}

}  // namespace

void multiply(Device& device, const Product& product, const float* a, const float* b, float* c) {
  if (device.precision() == Precision::kBf16) {
    multiply_bf16(device, product, a, b, c);
    return;
  }
  const Turned t = turned(product);
  const auto a_step = static_cast<std::int64_t>(product.a_step);
  const float one = 1;
  const float kept = product.add ? 1 : 0;
  const auto in =
      device.precision() == Precision::kTf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  CUDA_CHECK(cublasGemmEx_64(device.blas(), t.b, t.a, t.columns, t.rows, t.inner, &one, b,
                             CUDA_R_32F, t.b_row, a, CUDA_R_32F, a_step != 0 ? a_step : t.a_row,
                             &kept, c, CUDA_R_32F, t.c_row, in, CUBLAS_GEMM_DEFAULT));
}

void round_factor(Device& device, std::size_t count, const float* from, std::uint16_t* to) {
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    to[i] = __bfloat16_as_ushort(__float2bfloat16_rn(from[i]));
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
  const std::size_t rows = size.rows;
  const std::size_t columns = size.columns;
  const std::size_t pieces = std::min(rows, kPiecesMax);
  auto* const partial = device.scratch<float>(pieces * columns);
  CUDA_CHECK(launch(device.stream(), pieces * columns, [=] __device__(std::size_t i) {
    float sum = 0;
    for (std::size_t row = i / columns; row < rows; row += pieces) {
      sum += d_out[row * columns + i % columns];
    }
    partial[i] = sum;
  }));
  CUDA_CHECK(launch(device.stream(), columns, [=] __device__(std::size_t column) {
    float sum = 0;
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      sum += partial[piece * columns + column];
    }
    d_bias[column] = sum;
  }));
}

}  // namespace kernels::cuda
