#include <cmath>

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

// The rows of a part: what of a pass lies there.
NormRows rows_of(const NormRows& all, const RowPart& part) {
  return {{part.count, all.rows.columns}, all.epsilon, all.relu};
}
template <typename T>
T* from(T* data, std::size_t first) {
  return data == nullptr ? nullptr : data + first;
}
NormForward from(const NormForward& all, std::size_t first) {
  return {all.in + first, from(all.out, first), from(all.rounded_out, first), all.added};
}
NormGradients from(const NormGradients& all, std::size_t first) {
  return {all.d_out + first, from(all.d_in, first),       all.d_scale,
          all.d_shift,       from(all.d_out_more, first), from(all.rounded_d_in, first)};
}

// `sums` are of distances from the row `near` and of their squares.
void write_moments(const Rows& rows, const float* near, const double* sums, float* mean,
                   float* variance) {
  const auto count = static_cast<double>(rows.count);
  for (std::size_t c = 0; c < rows.columns; ++c) {
    const double distance = sums[c] / count;
    const double spread = sums[rows.columns + c] / count - distance * distance;
    mean[c] = static_cast<float>(static_cast<double>(near[c]) + distance);
    variance[c] = spread > 0.0 ? static_cast<float>(spread) : 0.0F;
  }
}

// `sums` are of d_out and of its products with distances from the mean.
void write_gradients(const NormRows& norm, const float* variance, const double* sums,
                     const NormGradients& gradients) {
  for (std::size_t c = 0; c < norm.rows.columns; ++c) {
    const float inverse = 1.0F / std::sqrt(variance[c] + norm.epsilon);
    gradients.d_shift[c] = static_cast<float>(sums[c]);
    gradients.d_scale[c] = static_cast<float>(sums[norm.rows.columns + c]) * inverse;
  }
}

}  // namespace

void CpuBackend::batchnorm_forward(const BatchNormShape& shape, const BatchNormInputs& inputs,
                                   const BatchNormParameters& parameters,
                                   const BatchNormMoments& moments,
                                   const BatchNormOutputs& outputs) {
  CHECK(fits(shape, inputs, parameters, moments, outputs));
  // In one pass: distances from the first row stand in for those from the mean, which is not known
  // yet; what the difference costs in digits is small where the first row is like the others.
  const Rows rows = rows_of(shape).rows;
  const float* const in = f32(inputs.in);
  const double* const sums = team_->sums.over(rows, [&](const RowPart& part, double* of_part) {
    loops_.batchnorm_sums({part.count, rows.columns}, in + part.first * rows.columns, in, of_part);
  });
  write_moments(rows, in, sums, f32(moments.mean), f32(moments.variance));
  batchnorm_apply(shape, inputs, parameters, moments, outputs);
}

void CpuBackend::batchnorm_apply(const BatchNormShape& shape, const BatchNormInputs& inputs,
                                 const BatchNormParameters& parameters,
                                 const BatchNormMoments& moments, const BatchNormOutputs& outputs) {
  CHECK(fits(shape, inputs, parameters, moments, outputs));
  const NormRows norm = rows_of(shape);
  const NormChannels channels{f32(parameters.scale), f32(parameters.shift), f32(moments.mean),
                              f32(moments.variance)};
  const float* const in = f32(inputs.in);
  const float* const added = f32_or_null(inputs.added);
  float* const out = outputs.out.empty() ? nullptr : f32(outputs.out);
  std::uint16_t* const rounded = outputs.rounded.empty() ? nullptr : bf16(outputs.rounded);
  for_row_parts(norm.rows, threads_, [&](const RowPart& part) {
    const std::size_t first = part.first * shape.channels;
    loops_.batchnorm_apply(rows_of(norm, part), in + first, from(added, first), channels,
                           {from(out, first), from(rounded, first)});
  });
}

void CpuBackend::batchnorm_backward(const BatchNormShape& shape, const BatchNormSaved& saved,
                                    const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  const bool rounded_out = saved.out.scalar() == Scalar::kBf16;
  const View d_in = gradients.d_in;
  const bool rounded_d_in = d_in.scalar() == Scalar::kBf16;
  const NormRows norm = rows_of(shape);
  const NormForward forward{f32(saved.in), rounded_out ? nullptr : f32(saved.out),
                            rounded_out ? bf16(saved.out) : nullptr, saved.added};
  const NormChannels channels{f32(saved.scale), f32(saved.shift), f32(saved.mean),
                              f32(saved.variance)};
  const NormGradients all{f32(gradients.d_out),
                          d_in.empty() || rounded_d_in ? nullptr : f32(d_in),
                          f32(gradients.d_weight),
                          f32(gradients.d_bias),
                          f32_or_null(gradients.d_out_more),
                          rounded_d_in ? bf16(d_in) : nullptr};
  const double* const sums = team_->sums.over(norm.rows, [&](const RowPart& part, double* of_part) {
    const std::size_t first = part.first * shape.channels;
    loops_.batchnorm_backward_sums(rows_of(norm, part), from(forward, first), channels,
                                   from(all, first), of_part);
  });
  write_gradients(norm, channels.variance, sums, all);
  if (d_in.empty()) return;
  for_row_parts(norm.rows, threads_, [&](const RowPart& part) {
    const std::size_t first = part.first * shape.channels;
    loops_.batchnorm_backward_data(rows_of(norm, part), from(forward, first), channels,
                                   from(all, first), norm.rows.count);
  });
}

void CpuBackend::add(ConstView a, ConstView b, Activation activation, View out) {
  CHECK(a.count() == out.count() && b.count() == out.count());
  in_pieces(out.count(), [&](std::size_t first, std::size_t count) {
    loops_.add(f32(a) + first, f32(b) + first, activation == Activation::kRelu, f32(out) + first,
               count);
  });
}

}  // namespace kernels::cpu
