#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {
namespace {

NormRows rows_of(const BatchNormShape& shape) {
  return {{shape.rows, shape.channels},
          static_cast<float>(shape.epsilon),
          shape.activation == Activation::kRelu};
}

const float* f32_or_null(ConstView view) { return view.empty() ? nullptr : f32(view); }

}  // namespace

void CpuBackend::batchnorm_forward(const BatchNormShape& shape, const BatchNormInputs& inputs,
                                   const BatchNormParameters& parameters,
                                   const BatchNormMoments& moments,
                                   const BatchNormOutputs& outputs) {
  CHECK(fits(shape, inputs, parameters, moments, outputs));
  loops_.batchnorm_measure(rows_of(shape), f32(inputs.in), f32(moments.mean),
                           f32(moments.variance));
  batchnorm_apply(shape, inputs, parameters, moments, outputs);
}

void CpuBackend::batchnorm_apply(const BatchNormShape& shape, const BatchNormInputs& inputs,
                                 const BatchNormParameters& parameters,
                                 const BatchNormMoments& moments, const BatchNormOutputs& outputs) {
  CHECK(fits(shape, inputs, parameters, moments, outputs));
  loops_.batchnorm_apply(
      rows_of(shape), f32(inputs.in), f32_or_null(inputs.added),
      {f32(parameters.scale), f32(parameters.shift), f32(moments.mean), f32(moments.variance)},
      {outputs.out.empty() ? nullptr : f32(outputs.out),
       outputs.rounded.empty() ? nullptr : bf16(outputs.rounded)});
}

void CpuBackend::batchnorm_backward(const BatchNormShape& shape, const BatchNormSaved& saved,
                                    const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  const bool rounded_out = saved.out.scalar() == Scalar::kBf16;
  const View d_in = gradients.d_in;
  const bool rounded_d_in = d_in.scalar() == Scalar::kBf16;
  loops_.batchnorm_backward(
      rows_of(shape),
      {f32(saved.in), rounded_out ? nullptr : f32(saved.out),
       rounded_out ? bf16(saved.out) : nullptr, saved.added},
      {f32(saved.scale), f32(saved.shift), f32(saved.mean), f32(saved.variance)},
      {f32(gradients.d_out), d_in.empty() || rounded_d_in ? nullptr : f32(d_in),
       f32(gradients.d_weight), f32(gradients.d_bias), f32_or_null(gradients.d_out_more),
       rounded_d_in ? bf16(d_in) : nullptr});
}

void CpuBackend::add(ConstView a, ConstView b, Activation activation, View out) {
  CHECK(a.count() == out.count() && b.count() == out.count());
  loops_.add(f32(a), f32(b), activation == Activation::kRelu, f32(out), out.count());
}

}  // namespace kernels::cpu
