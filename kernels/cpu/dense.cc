#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {
namespace {

Numbers factor(ConstView weight) {
  const ConstView rounded = weight.rounded();
  if (rounded.empty()) return {f32(weight), false};
  return {bf16(rounded), true};
}

}  // namespace

void CpuBackend::dense_forward(const DenseShape& shape, ConstView in, ConstView weight,
                               ConstView bias, View out) {
  CHECK(fits(shape, {in, weight, bias, out}));
  onednn().dense_forward(shape, f32(in), factor(weight), bias_or_zeros(bias, shape.outputs),
                         f32(out));
}

void CpuBackend::dense_backward(const DenseShape& shape, const DenseSaved& saved,
                                const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  float* const d_out = f32(gradients.d_out);
  const bool masked = shape.activation == Activation::kRelu;
  mask_and_sum({shape.batch, shape.outputs}, masked ? f32(saved.out) : nullptr, false, d_out,
               gradients.d_bias);
  onednn().dense_backward_weight(shape, f32(saved.in), d_out, f32(gradients.d_weight));
  if (gradients.d_in.empty()) return;
  onednn().dense_backward_data(shape, factor(saved.weight), d_out, f32(gradients.d_in));
}

}  // namespace kernels::cpu
