#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/layer.h"
#include "kernels/cuda/status.h"
#include "kernels/cuda/sum_columns.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

struct RowMoments {
  float mean;
  float deviation;
};

__device__ RowMoments moments_of(const float* row, std::size_t columns, float epsilon) {
  const auto count = static_cast<float>(columns);
  float sum = 0;
  for (std::size_t i = 0; i < columns; ++i) sum += row[i];
  const float mean = sum / count;
  float squares = 0;
  for (std::size_t i = 0; i < columns; ++i) squares += (row[i] - mean) * (row[i] - mean);
  return {mean, sqrtf(squares / count + epsilon)};
}

}  // namespace

void CudaBackend::layernorm_forward(const LayerNormShape& shape, ConstView in,
                                    const LayerNormParameters& parameters, View out) {
  CHECK(fits(shape, in, parameters, out));
  const float* const from = in.as<float>().data();
  const float* const scale = parameters.scale.as<float>().data();
  const float* const shift = parameters.shift.as<float>().data();
  float* const to = out.as<float>().data();
  const auto epsilon = static_cast<float>(shape.epsilon);
  const std::size_t columns = shape.columns;
  CUDA_CHECK(launch(device_.stream(), shape.rows, [=] __device__(std::size_t row) {
    const float* const x = from + row * columns;
    const RowMoments moments = moments_of(x, columns, epsilon);
    for (std::size_t i = 0; i < columns; ++i)
      to[row * columns + i] = scale[i] * ((x[i] - moments.mean) / moments.deviation) + shift[i];
  }));
}

void CudaBackend::layernorm_backward(const LayerNormShape& shape, const LayerNormSaved& saved,
                                     const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  const float* const in = saved.in.as<float>().data();
  const float* const scale = saved.scale.as<float>().data();
  const float* const d_out = gradients.d_out.as<float>().data();
  const auto epsilon = static_cast<float>(shape.epsilon);
  const std::size_t rows = shape.rows;
  const std::size_t columns = shape.columns;
  float* const d_in = gradients.d_in.empty() ? nullptr : gradients.d_in.as<float>().data();
  float* const d_scale = gradients.d_weight.as<float>().data();
  add_up_rows(device_, {rows, columns}, d_out, gradients.d_bias.as<float>().data());
  // Not in the scratch memory, which sum_columns() takes.
  auto* const moments = device_.factors<RowMoments>(rows);
  CUDA_CHECK(launch(device_.stream(), rows, [=] __device__(std::size_t row) {
    const float* const x = in + row * columns;
    const float* const d = d_out + row * columns;
    moments[row] = moments_of(x, columns, epsilon);
    const auto [mean, deviation] = moments[row];
    if (d_in == nullptr) return;
    float sum = 0;
    float product = 0;
    for (std::size_t i = 0; i < columns; ++i) {
      sum += scale[i] * d[i];
      product += scale[i] * d[i] * ((x[i] - mean) / deviation);
    }
    const auto count = static_cast<float>(columns);
    for (std::size_t i = 0; i < columns; ++i) {
      const float h = (x[i] - mean) / deviation;
      d_in[row * columns + i] = (scale[i] * d[i] - sum / count - h * product / count) / deviation;
    }
  }));
  sum_columns(
      device_, rows, columns,
      [=] __device__(std::size_t i, std::size_t) {
        const RowMoments& of_row = moments[i / columns];
        return d_out[i] * ((in[i] - of_row.mean) / of_row.deviation);
      },
      [=] __device__(std::size_t column, float sum) { d_scale[column] = sum; });
}

}  // namespace kernels::cuda
