#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"
#include "kernels/host_memory.h"

namespace kernels::cpu {

const float* CpuBackend::factor(ConstView numbers, Buffer& room) const {
  if (factors_ != Factors::kBf16) return f32(numbers);
  if (room.count() < numbers.count()) room = allocate_host(numbers.count(), Scalar::kF32);
  loops_.round_to_bf16(f32(numbers), f32(room.view()), numbers.count());
  return f32(room.view());
}

void CpuBackend::conv_forward(const ConvShape& shape, ConstView in, ConstView weight,
                              ConstView bias, View out) {
  CHECK(fits(shape, {in, weight, bias, out}));
  const float* const shift = bias_or_zeros(bias, shape.out_channels);
  if (multiplies_ourselves() && direct_.suits(shape))
    direct_.forward(shape, factor(in, rounded_in_), factor(weight, rounded_weight_), shift,
                    f32(out));
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
  const bool ours_weight = multiplies_ourselves() && direct_.suits(shape);
  const bool ours_data =
      multiplies_ourselves() && direct_.suits_backward_data(shape) && !gradients.d_in.empty();
  const float* const d =
      ours_weight || ours_data ? factor(gradients.d_out, rounded_d_out_) : nullptr;
  if (ours_weight)
    direct_.backward_weight(shape, factor(saved.in, rounded_in_), d, f32(gradients.d_weight));
  else
    onednn().conv_backward_weight(shape, f32(saved.in), d_out, f32(gradients.d_weight));
  if (gradients.d_in.empty()) return;
  if (ours_data)
    direct_.backward_data(shape, factor(saved.weight, rounded_weight_), d, f32(gradients.d_in));
  else
    onednn().conv_backward_data(shape, f32(saved.weight), d_out, f32(gradients.d_in));
}

}  // namespace kernels::cpu
