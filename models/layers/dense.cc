#include "models/layers/dense.h"

#include <fmt/format.h>

#include "models/layers/initialise.h"

namespace models {

Dense::Dense(const ImageShape& input, std::size_t outputs, kernels::Activation activation)
    : input_(input), outputs_(outputs), activation_(activation) {}

std::string Dense::description() const {
  return fmt::format("dense {}{}", outputs_,
                     activation_ == kernels::Activation::kRelu ? ", relu" : "");
}

ImageShape Dense::output() const { return {.height = 1, .width = 1, .channels = outputs_}; }

std::vector<ParameterTensor> Dense::tensors() const {
  const std::size_t weights = outputs_ * input_.count();
  return {
      {.name = "weight",
       .shape = {outputs_, input_.count()},
       .offset = 0,
       .count = weights,
       .storage = {.order = Order::kFlattened, .image = input_}},
      {.name = "bias", .shape = {outputs_}, .offset = weights, .count = outputs_, .storage = {}}};
}

void Dense::initialise(runtime::Random& random, std::span<float> parameters) const {
  initialise_uniform(random, input_.count(), parameters);
}

kernels::DenseShape Dense::shape(std::size_t batch) const {
  return {.batch = batch, .inputs = input_.count(), .outputs = outputs_, .activation = activation_};
}

std::size_t Dense::multiplications() const { return shape(1).weight_count(); }

void Dense::forward(kernels::Backend& backend, const ForwardViews& views) const {
  const kernels::DenseShape dense = shape(views.batch);
  const std::size_t weights = dense.weight_count();
  backend.dense_forward(dense, views.in, views.parameters.slice(0, weights),
                        views.parameters.slice(weights, outputs_),
                        views.out.empty() ? views.out_rounded : views.out);
  if (!views.out.empty() && !views.out_rounded.empty()) backend.round(views.out, views.out_rounded);
}

void Dense::backward(kernels::Backend& backend, const BackwardViews& views) const {
  const kernels::DenseShape dense = shape(views.batch);
  const std::size_t weights = dense.weight_count();
  backend.dense_backward(
      dense, {.in = views.in, .weight = views.parameters.slice(0, weights), .out = views.out},
      {.d_out = views.d_out,
       .d_in = views.d_in,
       .d_weight = views.d_parameters.slice(0, weights),
       .d_bias = views.d_parameters.slice(weights, outputs_)});
}

}  // namespace models
