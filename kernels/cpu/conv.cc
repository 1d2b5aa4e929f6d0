#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {

void CpuBackend::conv_forward(const ConvShape& shape, ConstView in, ConstView weight,
                              ConstView bias, View out) {
  CHECK(fits(shape, {in, weight, bias, out}));
  const float* const shift = bias_or_zeros(bias, shape.out_channels);
  if (multiplies_f32() && direct_.suits(shape))
    direct_.forward(shape, f32(in), f32(weight), shift, f32(out));
  else
    onednn().conv_forward(shape, f32(in), f32(weight), shift, f32(out));
}

void CpuBackend::conv_backward(const ConvShape& shape, const ConvSaved& saved,
                               const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  float* const d_out = f32(gradients.d_out);
  const bool masked = shape.activation == Activation::kRelu;
  loops_.mask_and_sum({shape.batch * shape.out_height() * shape.out_width(), shape.out_channels},
                      masked ? f32(saved.out) : nullptr, d_out,
                      d_bias_or_scratch(gradients.d_bias, shape.out_channels));
  if (multiplies_f32() && direct_.suits(shape))
    direct_.backward_weight(shape, f32(saved.in), d_out, f32(gradients.d_weight));
  else
    onednn().conv_backward_weight(shape, f32(saved.in), d_out, f32(gradients.d_weight));
  if (gradients.d_in.empty()) return;
  if (multiplies_f32() && direct_.suits_backward_data(shape))
    direct_.backward_data(shape, f32(saved.weight), d_out, f32(gradients.d_in));
  else
    onednn().conv_backward_data(shape, f32(saved.weight), d_out, f32(gradients.d_in));
}

}  // namespace kernels::cpu
