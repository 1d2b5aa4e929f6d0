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

}  // namespace

void CpuBackend::batchnorm_forward(const BatchNormShape& shape, ConstView in,
                                   const BatchNormParameters& parameters,
                                   const BatchNormMoments& moments, View out) {
  CHECK(fits(shape, in, parameters, moments, out));
  loops_.batchnorm_measure(rows_of(shape), f32(in), f32(moments.mean), f32(moments.variance));
  batchnorm_apply(shape, in, parameters, moments, out);
}

void CpuBackend::batchnorm_apply(const BatchNormShape& shape, ConstView in,
                                 const BatchNormParameters& parameters,
                                 const BatchNormMoments& moments, View out) {
  CHECK(fits(shape, in, parameters, moments, out));
  loops_.batchnorm_apply(
      rows_of(shape), f32(in),
      {f32(parameters.scale), f32(parameters.shift), f32(moments.mean), f32(moments.variance)},
      f32(out));
}

void CpuBackend::batchnorm_backward(const BatchNormShape& shape, const BatchNormSaved& saved,
                                    const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  loops_.batchnorm_backward(
      rows_of(shape), f32(saved.in), f32(saved.out),
      {f32(saved.scale), nullptr, f32(saved.mean), f32(saved.variance)},
      {f32(gradients.d_out), gradients.d_in.empty() ? nullptr : f32(gradients.d_in),
       f32(gradients.d_weight), f32(gradients.d_bias)});
}

void CpuBackend::add(ConstView a, ConstView b, Activation activation, View out) {
  CHECK(a.count() == out.count() && b.count() == out.count());
  loops_.add(f32(a), f32(b), activation == Activation::kRelu, f32(out), out.count());
}

}  // namespace kernels::cpu
