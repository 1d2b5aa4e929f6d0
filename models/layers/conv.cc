#include "models/layers/conv.h"

#include <fmt/format.h>

namespace models {

Conv::Conv(const kernels::ConvShape& shape) : shape_(shape) {}

std::string Conv::description() const {
  std::string text =
      fmt::format("conv {} {}x{}", shape_.out_channels, shape_.kernel_height, shape_.kernel_width);
  if (shape_.stride != 1) text += fmt::format(" stride {}", shape_.stride);
  if (shape_.padding != 0) text += fmt::format(" pad {}", shape_.padding);
  if (shape_.activation == kernels::Activation::kRelu) text += ", relu";
  return text;
}

ImageShape Conv::output() const {
  return {
      .height = shape_.out_height(), .width = shape_.out_width(), .channels = shape_.out_channels};
}

std::vector<ParameterTensor> Conv::tensors() const {
  const std::size_t weights = shape_.weight_count();
  return {{.name = "weight",
           .shape = {shape_.out_channels, shape_.in_channels, shape_.kernel_height,
                     shape_.kernel_width},
           .offset = 0,
           .count = weights,
           .storage = {.order = Order::kConv, .image = {}}},
          {.name = "bias",
           .shape = {shape_.out_channels},
           .offset = weights,
           .count = shape_.out_channels,
           .storage = {}}};
}

std::size_t Conv::fan_in() const {
  return shape_.in_channels * shape_.kernel_height * shape_.kernel_width;
}

kernels::ConvShape Conv::with_batch(std::size_t batch) const {
  kernels::ConvShape shape = shape_;
  shape.batch = batch;
  return shape;
}

void Conv::forward(kernels::Backend& backend, const ForwardViews& views) const {
  const std::size_t weights = shape_.weight_count();
  backend.conv_forward(with_batch(views.batch), views.in, views.parameters.slice(0, weights),
                       views.parameters.slice(weights, shape_.out_channels), views.out);
}

void Conv::backward(kernels::Backend& backend, const BackwardViews& views) const {
  const std::size_t weights = shape_.weight_count();
  backend.conv_backward(
      with_batch(views.batch),
      {.in = views.in, .weight = views.parameters.slice(0, weights), .out = views.out},
      {.d_out = views.d_out,
       .d_in = views.d_in,
       .d_weight = views.d_parameters.slice(0, weights),
       .d_bias = views.d_parameters.slice(weights, shape_.out_channels)});
}

}  // namespace models
