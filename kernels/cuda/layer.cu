#include "kernels/cuda/layer.h"

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

// Long columns are summed in pieces, or a layer of few channels would keep few threads busy.
constexpr std::size_t kPiecesMax = 512;

}  // namespace

// cuBLAS reads row-major matrices as their transposes, so it is asked for c^T = b^T a^T.
void multiply(Device& device, const Product& product, const float* a, const float* b, float* c) {
  const auto rows = static_cast<std::int64_t>(product.rows);
  const auto columns = static_cast<std::int64_t>(product.columns);
  const auto inner = static_cast<std::int64_t>(product.inner);
  const auto a_step = static_cast<std::int64_t>(product.a_step);
  const auto c_step = static_cast<std::int64_t>(product.c_step);
  const std::int64_t a_row = product.a_transposed ? rows : inner;
  const float one = 1;
  const float kept = product.add ? 1 : 0;
  CUDA_CHECK(cublasSgemm_64(device.blas(), product.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                            product.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, columns, rows, inner,
                            &one, b, product.b_transposed ? inner : columns, a,
                            a_step != 0 ? a_step : a_row, &kept, c,
                            c_step != 0 ? c_step : columns));
}

void add_bias(Device& device, const Rows& size, Activation activation, const float* bias,
              float* out) {
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
