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
  loops_.layernorm(rows_of(shape), f32(in), f32(parameters.scale), f32(parameters.shift), f32(out));
}

void CpuBackend::layernorm_backward(const LayerNormShape& shape, const LayerNormSaved& saved,
                                    const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  if (sums_.count() < 2 * shape.columns) sums_ = allocate(2 * shape.columns, Scalar::kF64);
  loops_.layernorm_backward(
      rows_of(shape), f32(saved.in), f32(saved.scale),
      {f32(gradients.d_out), gradients.d_in.empty() ? nullptr : f32(gradients.d_in),
       f32(gradients.d_weight), f32(gradients.d_bias)},
      sums_.view().as<double>().data());
}

}  // namespace kernels::cpu
