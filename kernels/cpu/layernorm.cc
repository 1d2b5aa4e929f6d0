#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {
namespace {

NormRows rows_of(const LayerNormShape& shape) {
  return {{shape.rows, shape.columns}, static_cast<float>(shape.epsilon), false};
}

}  // namespace

void CpuBackend::layernorm_forward(const LayerNormShape& shape, ConstView in,
                                   const LayerNormParameters& parameters, View out) {
  CHECK(fits(shape, in, parameters, out));
  const NormRows norm = rows_of(shape);
  for_row_parts(norm.rows, threads_, [&](const RowPart& part) {
    const std::size_t first = part.first * shape.columns;
    loops_.layernorm({{part.count, shape.columns}, norm.epsilon, false}, f32(in) + first,
                     f32(parameters.scale), f32(parameters.shift), f32(out) + first);
  });
}

void CpuBackend::layernorm_backward(const LayerNormShape& shape, const LayerNormSaved& saved,
                                    const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  const NormRows norm = rows_of(shape);
  float* const d_in = gradients.d_in.empty() ? nullptr : f32(gradients.d_in);
  float* const d_scale = f32(gradients.d_weight);
  float* const d_shift = f32(gradients.d_bias);
  const double* const sums = team_->sums.over(norm.rows, [&](const RowPart& part, double* of_part) {
    const std::size_t first = part.first * shape.columns;
    loops_.layernorm_backward(
        {{part.count, shape.columns}, norm.epsilon, false}, f32(saved.in) + first, f32(saved.scale),
        {f32(gradients.d_out) + first, d_in == nullptr ? nullptr : d_in + first, d_scale, d_shift},
        of_part);
  });
  for (std::size_t i = 0; i < shape.columns; ++i) {
    d_scale[i] = static_cast<float>(sums[i]);
    d_shift[i] = static_cast<float>(sums[shape.columns + i]);
  }
}

}  // namespace kernels::cpu
