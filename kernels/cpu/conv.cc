#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"
#include "kernels/host_memory.h"

namespace kernels::cpu {

const float* CpuBackend::weight_factor(ConstView weight) {
  if (factors_ != Factors::kBf16) return f32(weight);
  float* const rounded = at_least(rounded_weight_, weight.count());
  loops_.round_to_bf16(f32(weight), rounded, weight.count());
  return rounded;
}

ImageFactor CpuBackend::image_factor(ConstView numbers) const {
  using Kind = ImageFactor::Kind;
  if (numbers.scalar() == Scalar::kBf16) return {bf16(numbers), Kind::kBf16};
  return {f32(numbers), factors_ == Factors::kBf16 ? Kind::kToBeRounded : Kind::kPlain};
}

bool CpuBackend::filters_minimally(const ConvShape& shape) const {
  return factors_ == Factors::kF32 && Winograd::suits(shape);
}

void CpuBackend::conv_forward(const ConvShape& shape, ConstView in, ConstView weight,
                              ConstView bias, View out) {
  CHECK(fits(shape, {in, weight, bias, out}));
  CHECK(is_real(in.scalar()) || takes_rounded());
  const float* const shift = bias_or_zeros(bias, shape.out_channels);
  if (filters_minimally(shape))
    team_->winograd.forward(shape, f32(in), f32(weight), shift, f32(out));
  else if (multiplies_ourselves() && team_->direct.suits(shape))
    team_->direct.forward(shape, image_factor(in), weight_factor(weight), shift, f32(out));
  else
    onednn().conv_forward(shape, factor_of(in), f32(weight), shift, f32(out));
}

void CpuBackend::conv_backward(const ConvShape& shape, const ConvSaved& saved,
                               const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  CHECK(takes_rounded() || (is_real(saved.in.scalar()) && is_real(gradients.d_out.scalar())));
  const bool ours_weight = multiplies_ourselves() && team_->direct.suits(shape);
  const bool ours_data =
      multiplies_ourselves() && team_->direct.suits_backward_data(shape) && !gradients.d_in.empty();
  const bool masked = shape.activation == Activation::kRelu;
  // Ours read f32 that is rounded: in the pass over it that there is anyway.
  const bool summed = masked || !gradients.d_bias.empty();
  const bool rounds = summed && takes_rounded() && (ours_weight || ours_data);
  if (summed)
    mask_and_sum(
        {shape.batch * shape.out_height() * shape.out_width(), shape.out_channels},
        {.d_out = f32(gradients.d_out), .out = masked ? f32(saved.out) : nullptr, .rounds = rounds},
        gradients.d_bias);
  ImageFactor d = image_factor(gradients.d_out);
  if (rounds) d.kind = ImageFactor::Kind::kPlain;
  if (filters_minimally(shape))
    team_->winograd.backward_weight(shape, f32(saved.in), f32(gradients.d_out),
                                    f32(gradients.d_weight));
  else if (ours_weight)
    team_->direct.backward_weight(shape, image_factor(saved.in), d, f32(gradients.d_weight));
  else
    onednn().conv_backward_weight(shape, factor_of(saved.in), factor_of(gradients.d_out),
                                  f32(gradients.d_weight));
  if (gradients.d_in.empty()) return;
  if (filters_minimally(shape))
    team_->winograd.backward_data(shape, f32(saved.weight), f32(gradients.d_out),
                                  f32(gradients.d_in));
  else if (ours_data)
    team_->direct.backward_data(shape, weight_factor(saved.weight), d, f32(gradients.d_in));
  else
    onednn().conv_backward_data(shape, f32(saved.weight), factor_of(gradients.d_out),
                                f32(gradients.d_in));
}

}  // namespace kernels::cpu
