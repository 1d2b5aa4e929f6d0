#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/cuda/sum_columns.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

NormForward forward_operands(const BatchNormInputs& inputs, const BatchNormParameters& parameters,
                             const BatchNormMoments& moments, const BatchNormOutputs& outputs) {
  return {.in = inputs.in.as<float>().data(),
          .added = inputs.added.empty() ? nullptr : inputs.added.as<float>().data(),
          .scale = parameters.scale.as<float>().data(),
          .shift = parameters.shift.as<float>().data(),
          .mean = moments.mean.as<float>().data(),
          .variance = moments.variance.as<float>().data(),
          .out = outputs.out.as<float>().data()};
}

NormBackward backward_operands(const BatchNormSaved& saved, const LayerGradients& gradients) {
  return {.in = saved.in.as<float>().data(),
          .scale = saved.scale.as<float>().data(),
          .mean = saved.mean.as<float>().data(),
          .variance = saved.variance.as<float>().data(),
          .d_out = gradients.d_out.as<float>().data(),
          .d_in = gradients.d_in.empty() ? nullptr : gradients.d_in.as<float>().data(),
          .d_scale = gradients.d_weight.as<float>().data(),
          .d_shift = gradients.d_bias.as<float>().data()};
}

// masked = d_out and the rest of it, where there is one, and of that what the activation let pass.
void mask(Device& device, const BatchNormShape& shape, const BatchNormSaved& saved,
          const LayerGradients& gradients, float* masked) {
  const float* const out = saved.out.as<float>().data();
  const float* const d_out = gradients.d_out.as<float>().data();
  const ConstView rest = gradients.d_out_more;
  const float* const more = rest.empty() ? nullptr : rest.as<float>().data();
  const bool relu = shape.activation == Activation::kRelu;
  if (!relu && more == nullptr && masked == d_out) return;
  CUDA_CHECK(launch(device.stream(), shape.count(), [=] __device__(std::size_t i) {
    const float sum = more == nullptr ? d_out[i] : d_out[i] + more[i];
    masked[i] = relu && !(out[i] > 0) ? 0 : sum;
  }));
}

// d_scale = the sums of d_out (in - mean) / deviation, d_shift those of d_out.
void sum_gradients(Device& device, const BatchNormShape& shape, const NormBackward& pass) {
  const auto epsilon = static_cast<float>(shape.epsilon);
  const NormBackward p = pass;
  sum_columns(
      device, shape.rows, shape.channels,
      [=] __device__(std::size_t i, std::size_t) { return p.d_out[i]; },
      [=] __device__(std::size_t c, float sum) { p.d_shift[c] = sum; });
  sum_columns(
      device, shape.rows, shape.channels,
      [=] __device__(std::size_t i, std::size_t c) { return p.d_out[i] * (p.in[i] - p.mean[c]); },
      [=] __device__(std::size_t c, float sum) {
        p.d_scale[c] = sum / sqrtf(p.variance[c] + epsilon);
      });
}

}  // namespace

void CudaBackend::batchnorm_forward(const BatchNormShape& shape, const BatchNormInputs& inputs,
                                    const BatchNormParameters& parameters,
                                    const BatchNormMoments& moments,
                                    const BatchNormOutputs& outputs) {
  CHECK(outputs.rounded.empty() && fits(shape, inputs, parameters, moments, outputs));
  if (cudnn_norm_.forward(device_, shape, forward_operands(inputs, parameters, moments, outputs)))
    return;
  const float* const from = inputs.in.as<float>().data();
  float* const mean = moments.mean.as<float>().data();
  float* const variance = moments.variance.as<float>().data();
  const auto rows = static_cast<float>(shape.rows);
  sum_columns(
      device_, shape.rows, shape.channels,
      [=] __device__(std::size_t i, std::size_t) { return from[i]; },
      [=] __device__(std::size_t c, float sum) { mean[c] = sum / rows; });
  sum_columns(
      device_, shape.rows, shape.channels,
      [=] __device__(std::size_t i, std::size_t c) {
        const float distance = from[i] - mean[c];
        return distance * distance;
      },
      [=] __device__(std::size_t c, float sum) { variance[c] = sum / rows; });
  batchnorm_apply(shape, inputs, parameters, moments, outputs);
}

void CudaBackend::batchnorm_apply(const BatchNormShape& shape, const BatchNormInputs& inputs,
                                  const BatchNormParameters& parameters,
                                  const BatchNormMoments& moments,
                                  const BatchNormOutputs& outputs) {
  CHECK(outputs.rounded.empty() && fits(shape, inputs, parameters, moments, outputs));
  const float* const from = inputs.in.as<float>().data();
  const float* const scale = parameters.scale.as<float>().data();
  const float* const shift = parameters.shift.as<float>().data();
  const float* const mean = moments.mean.as<float>().data();
  const float* const variance = moments.variance.as<float>().data();
  const float* const added = inputs.added.empty() ? nullptr : inputs.added.as<float>().data();
  float* const to = outputs.out.as<float>().data();
  const auto epsilon = static_cast<float>(shape.epsilon);
  const bool relu = shape.activation == Activation::kRelu;
  const std::size_t channels = shape.channels;
  CUDA_CHECK(launch(device_.stream(), shape.count(), [=] __device__(std::size_t i) {
    const std::size_t c = i % channels;
    const float normal = scale[c] * (from[i] - mean[c]) / sqrtf(variance[c] + epsilon) + shift[c];
    const float value = added == nullptr ? normal : normal + added[i];
    to[i] = relu && !(value > 0) ? 0 : value;
  }));
}

void CudaBackend::batchnorm_backward(const BatchNormShape& shape, const BatchNormSaved& saved,
                                     const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  NormBackward p = backward_operands(saved, gradients);
  float* masked = gradients.d_out.as<float>().data();
  if (p.d_in == masked) {
    float* const beside = cudnn_norm_.room_beside(device_, shape);
    if (beside != nullptr) masked = beside;
  }
  mask(device_, shape, saved, gradients, masked);
  p.d_out = masked;
  if (p.d_in != nullptr && cudnn_norm_.backward(device_, shape, p)) return;
  sum_gradients(device_, shape, p);
  if (p.d_in == nullptr) return;
  const auto epsilon = static_cast<float>(shape.epsilon);
  const auto rows = static_cast<float>(shape.rows);
  const std::size_t channels = shape.channels;
  CUDA_CHECK(launch(device_.stream(), shape.count(), [=] __device__(std::size_t i) {
    const std::size_t c = i % channels;
    const float deviation = sqrtf(p.variance[c] + epsilon);
    const float h = (p.in[i] - p.mean[c]) / deviation;
    p.d_in[i] =
        p.scale[c] / deviation * (p.d_out[i] - p.d_shift[c] / rows - h * p.d_scale[c] / rows);
  }));
}

void CudaBackend::add(ConstView a, ConstView b, Activation activation, View out) {
  CHECK(a.count() == out.count() && b.count() == out.count());
  const float* const first = a.as<float>().data();
  const float* const second = b.as<float>().data();
  float* const to = out.as<float>().data();
  const bool relu = activation == Activation::kRelu;
  CUDA_CHECK(launch(device_.stream(), out.count(), [=] __device__(std::size_t i) {
    const float sum = first[i] + second[i];
    to[i] = relu && !(sum > 0) ? 0 : sum;
  }));
}

}  // namespace kernels::cuda
