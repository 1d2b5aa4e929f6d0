#include "kernels/fits.h"

#include "kernels/dropout.h"

#include "kernels/crop.h"

namespace kernels {
namespace {

bool is(ConstView view, std::size_t count, Scalar scalar) {
  return view.count() == count && view.scalar() == scalar;
}

// What is a factor of products and nothing else may be of bf16, and what is written for such.
bool is_factor(ConstView view, std::size_t count, Scalar scalar) {
  return is(view, count, scalar) || (scalar == Scalar::kF32 && is(view, count, Scalar::kBf16));
}

bool is_valid(const DenseShape& s) { return s.batch > 0 && s.inputs > 0 && s.outputs > 0; }

bool is_valid(const ConvShape& s) {
  return s.batch > 0 && s.in_channels > 0 && s.out_channels > 0 && s.stride > 0 &&
         s.kernel_height > 0 && s.kernel_width > 0 && s.groups > 0 &&
         s.in_channels % s.groups == 0 && s.out_channels % s.groups == 0 &&
         s.in_height + 2 * s.padding >= s.kernel_height &&
         s.in_width + 2 * s.padding >= s.kernel_width;
}

bool is_valid(const PoolShape& s) {
  return s.batch > 0 && s.channels > 0 && s.window > 0 && s.stride > 0 && s.in_height >= s.window &&
         s.in_width >= s.window;
}

template <typename Shape>
bool fits_forward(const Shape& shape, std::size_t outputs, const LayerViews& views) {
  const Scalar scalar = views.weight.scalar();
  return is_valid(shape) && is_real(scalar) && is_factor(views.in, shape.in_count(), scalar) &&
         is(views.weight, shape.weight_count(), scalar) &&
         (views.bias.empty() || is(views.bias, outputs, scalar)) &&
         is_factor(views.out, shape.out_count(), scalar);
}

template <typename Shape>
bool fits_backward(const Shape& shape, std::size_t outputs, const DenseSaved& saved,
                   const LayerGradients& gradients) {
  const Scalar scalar = saved.weight.scalar();
  return fits_forward(shape, outputs, {saved.in, saved.weight, gradients.d_bias, saved.out}) &&
         gradients.d_out_more.empty() && is_factor(gradients.d_out, shape.out_count(), scalar) &&
         is(gradients.d_weight, shape.weight_count(), scalar) &&
         (gradients.d_in.empty() || is_factor(gradients.d_in, shape.in_count(), scalar));
}

}  // namespace

bool fits(const DenseShape& shape, const LayerViews& views) {
  return fits_forward(shape, shape.outputs, views);
}

bool fits(const DenseShape& shape, const DenseSaved& saved, const LayerGradients& gradients) {
  return is_real(gradients.d_out.scalar()) && fits_backward(shape, shape.outputs, saved, gradients);
}

bool fits(const ConvShape& shape, const LayerViews& views) {
  return is_real(views.out.scalar()) && fits_forward(shape, shape.out_channels, views);
}

bool fits(const ConvShape& shape, const ConvSaved& saved, const LayerGradients& gradients) {
  const bool only_factor = gradients.d_bias.empty() && shape.activation == Activation::kNone;
  return (only_factor || is_real(gradients.d_out.scalar())) && is_real(saved.out.scalar()) &&
         is_real(gradients.d_in.scalar()) &&
         fits_backward(shape, shape.out_channels, saved, gradients);
}

bool fits(const PoolShape& shape, ConstView in, ConstView out) {
  return is_valid(shape) && is_real(in.scalar()) && is(in, shape.in_count(), in.scalar()) &&
         is(out, shape.out_count(), in.scalar());
}

bool fits(const BatchNormShape& shape, const BatchNormInputs& inputs,
          const BatchNormParameters& parameters, const BatchNormMoments& moments,
          const BatchNormOutputs& outputs) {
  const auto& [in, added] = inputs;
  const Scalar scalar = in.scalar();
  return shape.rows > 0 && shape.channels > 0 && is_real(scalar) && is(in, shape.count(), scalar) &&
         (added.empty() || is(added, shape.count(), scalar)) &&
         is(parameters.scale, shape.channels, scalar) &&
         is(parameters.shift, shape.channels, scalar) && is(moments.mean, shape.channels, scalar) &&
         is(moments.variance, shape.channels, scalar) &&
         (!outputs.out.empty() || !outputs.rounded.empty()) &&
         (outputs.out.empty() || is(outputs.out, shape.count(), scalar)) &&
         (outputs.rounded.empty() ||
          (scalar == Scalar::kF32 && is(outputs.rounded, shape.count(), Scalar::kBf16)));
}

bool fits(const BatchNormShape& shape, const BatchNormSaved& saved,
          const LayerGradients& gradients) {
  const Scalar scalar = saved.in.scalar();
  const std::size_t channels = shape.channels;
  return shape.rows > 0 && channels > 0 && is_real(scalar) && is(saved.in, shape.count(), scalar) &&
         is(saved.scale, channels, scalar) && is(saved.shift, channels, scalar) &&
         is_factor(saved.out, shape.count(), scalar) && is(saved.mean, channels, scalar) &&
         is(saved.variance, channels, scalar) && is(gradients.d_out, shape.count(), scalar) &&
         is(gradients.d_weight, channels, scalar) && is(gradients.d_bias, channels, scalar) &&
         (gradients.d_out_more.empty() || is(gradients.d_out_more, shape.count(), scalar)) &&
         (gradients.d_in.empty() || is_factor(gradients.d_in, shape.count(), scalar));
}

bool fits(const LayerNormShape& shape, ConstView in, const LayerNormParameters& parameters,
          ConstView out) {
  const Scalar scalar = in.scalar();
  return shape.rows > 0 && shape.columns > 0 && is_real(scalar) && is(in, shape.count(), scalar) &&
         is(parameters.scale, shape.columns, scalar) &&
         is(parameters.shift, shape.columns, scalar) && is(out, shape.count(), scalar);
}

bool fits(const LayerNormShape& shape, const LayerNormSaved& saved,
          const LayerGradients& gradients) {
  const Scalar scalar = saved.in.scalar();
  return gradients.d_out_more.empty() &&
         fits(shape, saved.in, {saved.scale, gradients.d_bias}, gradients.d_out) &&
         is(gradients.d_weight, shape.columns, scalar) &&
         (gradients.d_in.empty() || is(gradients.d_in, shape.count(), scalar));
}

bool fits(const DropoutMask& mask, ConstView key, ConstView in, ConstView out) {
  constexpr std::size_t kCountMax = std::size_t{1} << 32U;
  return mask.probability >= 0.0 && mask.probability < 1.0 && in.count() <= kCountMax &&
         is(key, kDropoutKeyNumbers, Scalar::kI32) && is_real(in.scalar()) &&
         is(out, in.count(), in.scalar());
}

bool fits(const EmbeddingShape& shape, ConstView tokens, ConstView table, ConstView out) {
  const Scalar scalar = table.scalar();
  return shape.rows > 0 && shape.vocabulary > 0 && shape.width > 0 && is_real(scalar) &&
         is(tokens, shape.rows, scalar) && is(table, shape.table_count(), scalar) &&
         is(out, shape.out_count(), scalar);
}

bool fits(const RowsShape& shape, ConstView matrix, ConstView row) {
  return shape.rows > 0 && shape.columns > 0 && is_real(matrix.scalar()) &&
         is(matrix, shape.count(), matrix.scalar()) && is(row, shape.columns, matrix.scalar());
}

bool fits(const CropShape& shape, ConstView table, ConstView picks, ConstView out) {
  return shape.batch > 0 && shape.images > 0 && shape.count() > 0 &&
         is(table, shape.images * shape.count(), Scalar::kF32) &&
         is(picks, shape.batch * kPickNumbers, Scalar::kI32) &&
         is(out, shape.batch * shape.count(), Scalar::kF32);
}

bool fits(const AttentionShape& shape, ConstView in, ConstView out) {
  return shape.batch > 0 && shape.tokens > 0 && shape.heads > 0 && shape.width > 0 &&
         is_real(in.scalar()) && is(in, shape.in_count(), in.scalar()) &&
         is(out, shape.out_count(), in.scalar());
}

bool fits(const SoftmaxShape& shape, ConstView logits, ConstView labels,
          const LossOutputs& outputs) {
  const Scalar scalar = logits.scalar();
  const std::size_t count = shape.batch * shape.classes;
  return shape.batch > 0 && shape.classes > 0 && shape.smoothing >= 0.0 && shape.smoothing <= 1.0 &&
         is_real(scalar) && is(logits, count, scalar) && is(labels, shape.batch, Scalar::kI32) &&
         (outputs.d_logits.empty() || is(outputs.d_logits, count, scalar)) &&
         (outputs.loss.empty() || is(outputs.loss, shape.batch, scalar)) &&
         (outputs.correct.empty() || is(outputs.correct, shape.batch, scalar));
}

}  // namespace kernels
