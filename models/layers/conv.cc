#include "models/layers/conv.h"

#include <fmt/format.h>

#include "models/layers/initialise.h"

namespace models {

Conv::Conv(const kernels::ConvShape& shape, bool has_bias) : shape_(shape), has_bias_(has_bias) {}

std::string Conv::description() const {
  std::string text =
      fmt::format("conv {} {}x{}", shape_.out_channels, shape_.kernel_height, shape_.kernel_width);
  if (shape_.stride != 1) text += fmt::format(" stride {}", shape_.stride);
  if (shape_.padding != 0) text += fmt::format(" pad {}", shape_.padding);
  if (shape_.groups != 1) text += fmt::format(" groups {}", shape_.groups);
  if (!has_bias_) text += " nobias";
  if (shape_.activation == kernels::Activation::kRelu) text += ", relu";
  return text;
}

ImageShape Conv::output() const {
  return {
      .height = shape_.out_height(), .width = shape_.out_width(), .channels = shape_.out_channels};
}

std::vector<ParameterTensor> Conv::tensors() const {
  const std::size_t weights = shape_.weight_count();
  std::vector<ParameterTensor> tensors{
      {.name = "weight",
       .shape = {shape_.out_channels, shape_.in_channels / shape_.groups, shape_.kernel_height,
                 shape_.kernel_width},
       .offset = 0,
       .count = weights,
       .storage = {.order = Order::kConv, .image = {}}}};
  if (has_bias_) {
    tensors.push_back({.name = "bias",
                       .shape = {shape_.out_channels},
                       .offset = weights,
                       .count = shape_.out_channels,
                       .storage = {}});
  }
  return tensors;
}

void Conv::initialise(runtime::Random& random, std::span<float> parameters) const {
  const std::size_t window = shape_.kernel_height * shape_.kernel_width;
  if (has_bias_)
    initialise_uniform(random, shape_.in_channels / shape_.groups * window, parameters);
  else
    initialise_kaiming(random, shape_.out_channels / shape_.groups * window, parameters);
}

template <typename View>
std::pair<View, View> Conv::split(View parameters) const {
  const std::size_t weights = shape_.weight_count();
  return {parameters.slice(0, weights),
          has_bias_ ? parameters.slice(weights, shape_.out_channels) : View{}};
}

kernels::ConvShape Conv::with_batch(std::size_t batch) const {
  kernels::ConvShape shape = shape_;
  shape.batch = batch;
  return shape;
}

std::size_t Conv::multiplications() const {
  const kernels::ConvShape one = with_batch(1);
  return one.out_height() * one.out_width() * one.weight_count();
}

void Conv::forward(kernels::Backend& backend, const ForwardViews& views) const {
  const auto [weight, bias] = split(views.parameters);
  backend.conv_forward(with_batch(views.batch), views.in, weight, bias, views.out);
}

void Conv::backward(kernels::Backend& backend, const BackwardViews& views) const {
  const auto [d_weight, d_bias] = split(views.d_parameters);
  backend.conv_backward(
      with_batch(views.batch),
      {.in = views.in, .weight = split(views.parameters).first, .out = views.out},
      {.d_out = views.d_out, .d_in = views.d_in, .d_weight = d_weight, .d_bias = d_bias});
}

}  // namespace models
