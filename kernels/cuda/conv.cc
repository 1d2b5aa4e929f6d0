#include "kernels/cuda/backend.h"
#include "kernels/cuda/depthwise_conv.h"
#include "kernels/cuda/layer.h"
#include "kernels/cuda/patch_conv.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

// A convolution's output.
Rows rows_of(const ConvShape& shape) {
  return {shape.batch * shape.out_height() * shape.out_width(), shape.out_channels};
}

}  // namespace

void CudaBackend::conv_forward(const ConvShape& shape, ConstView in, ConstView weight,
                               ConstView bias, View out) {
  CHECK(fits(shape, LayerViews{in, weight, bias, out}));
  const ConvForward pass{.in = in.as<float>().data(),
                         .weight = weight.as<float>().data(),
                         .bias = bias.empty() ? nullptr : bias.as<float>().data(),
                         .out = out.as<float>().data()};
  ConvDone done = ConvDone::kNothing;
  if (is_depthwise(shape))
    convolve_channels(device_, shape, pass);
  else if (done = cudnn_.forward(device_, shape, pass); done == ConvDone::kNothing)
    multiply_patches(device_, shape, pass);
  if (done != ConvDone::kAll)
    add_bias(device_, rows_of(shape), shape.activation, pass.bias, pass.out);
}

void CudaBackend::conv_backward(const ConvShape& shape, const ConvSaved& saved,
                                const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  float* const d_out = gradients.d_out.as<float>().data();
  mask_gradient(device_, rows_of(shape), shape.activation, saved.out.as<float>().data(), d_out);
  if (!gradients.d_bias.empty())
    add_up_rows(device_, rows_of(shape), d_out, gradients.d_bias.as<float>().data());

  ConvBackward left{.in = saved.in.as<float>().data(),
                    .weight = saved.weight.as<float>().data(),
                    .d_out = d_out,
                    .d_weight = gradients.d_weight.as<float>().data(),
                    .d_in = gradients.d_in.empty() ? nullptr : gradients.d_in.as<float>().data()};
  if (is_depthwise(shape)) return convolve_channels_backward(device_, shape, left);
  const ConvBackwardDone done = cudnn_.backward(device_, shape, left);
  if (done.d_weight) left.d_weight = nullptr;
  if (done.d_in) left.d_in = nullptr;
  if (left.d_weight != nullptr || left.d_in != nullptr)
    multiply_patches_backward(device_, shape, left);
}

}  // namespace kernels::cuda
