#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"
#include "kernels/host_memory.h"

namespace kernels::cpu {
namespace {

OutputGradient gradient_of(const DenseShape& shape, ConstView out, View d_out) {
  OutputGradient gradient{.d_out = f32(d_out)};
  if (shape.activation != Activation::kRelu) return gradient;
  if (out.scalar() == Scalar::kBf16)
    gradient.rounded_out = bf16(out);
  else
    gradient.out = f32(out);
  return gradient;
}

}  // namespace

void CpuBackend::dense_forward(const DenseShape& shape, ConstView in, ConstView weight,
                               ConstView bias, View out) {
  CHECK(fits(shape, {in, weight, bias, out}));
  CHECK(takes_rounded() || (is_real(in.scalar()) && is_real(out.scalar())));
  onednn().dense_forward(shape, factor_of(in), factor_of(weight),
                         bias_or_zeros(bias, shape.outputs), result_in(out));
}

void CpuBackend::dense_backward(const DenseShape& shape, const DenseSaved& saved,
                                const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  CHECK(takes_rounded() || (is_real(saved.in.scalar()) && is_real(saved.out.scalar()) &&
                            is_real(gradients.d_in.scalar())));
  OutputGradient gradient = gradient_of(shape, saved.out, gradients.d_out);
  // Rounded once, in a pass that there is anyway, for both products.
  if (takes_rounded())
    gradient.bits = at_least<std::uint16_t>(rounded_gradient_, shape.out_count());
  mask_and_sum({shape.batch, shape.outputs}, gradient, gradients.d_bias);
  const Numbers d_out =
      takes_rounded() ? Numbers{gradient.bits, true} : Numbers{gradient.d_out, false};
  onednn().dense_backward_weight(shape, factor_of(saved.in), d_out, f32(gradients.d_weight));
  if (gradients.d_in.empty()) return;
  onednn().dense_backward_data(shape, factor_of(saved.weight), d_out, result_in(gradients.d_in));
}

}  // namespace kernels::cpu
