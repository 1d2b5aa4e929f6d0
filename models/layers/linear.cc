#include "models/layers/linear.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/layers/initialise.h"

namespace models {

Linear::Linear(const ImageShape& input, LinearSpec spec, kernels::Activation activation)
    : input_(input), spec_(std::move(spec)), activation_(activation) {}

std::string Linear::description() const {
  return fmt::format("linear {}{}{}", spec_.outputs, spec_.bias ? "" : " nobias",
                     activation_ == kernels::Activation::kRelu ? ", relu" : "");
}

ImageShape Linear::output() const {
  return {.height = input_.height, .width = input_.width, .channels = spec_.outputs};
}

std::vector<ParameterTensor> Linear::tensors() const {
  const std::size_t weights = spec_.outputs * input_.channels;
  std::vector<ParameterTensor> tensors{{.name = spec_.prefix + "weight",
                                        .shape = {spec_.outputs, input_.channels},
                                        .offset = 0,
                                        .count = weights,
                                        .storage = {}}};
  if (spec_.bias)
    tensors.push_back({.name = spec_.prefix + "bias",
                       .shape = {spec_.outputs},
                       .offset = weights,
                       .count = spec_.outputs,
                       .storage = {}});
  return tensors;
}

void Linear::initialise(runtime::Random& random, std::span<float> parameters) const {
  if (spec_.deviation == 0.0) {
    initialise_uniform(random, input_.channels, parameters);
    return;
  }
  initialise_normal(random, spec_.deviation, parameters.first(parameters.size() - bias_count()));
  std::ranges::fill(parameters.last(bias_count()), 0.0F);
}

kernels::DenseShape Linear::shape(std::size_t batch) const {
  return {.batch = batch * input_.height * input_.width,
          .inputs = input_.channels,
          .outputs = spec_.outputs,
          .activation = activation_};
}

std::size_t Linear::multiplications() const {
  const kernels::DenseShape one = shape(1);
  return one.batch * one.weight_count();
}

void Linear::forward(kernels::Backend& backend, const ForwardViews& views) const {
  const kernels::DenseShape dense = shape(views.batch);
  const std::size_t weights = dense.weight_count();
  backend.dense_forward(dense, views.in, views.parameters.slice(0, weights),
                        views.parameters.slice(weights, bias_count()), views.out);
}

void Linear::backward(kernels::Backend& backend, const BackwardViews& views) const {
  const kernels::DenseShape dense = shape(views.batch);
  const std::size_t weights = dense.weight_count();
  backend.dense_backward(
      dense, {.in = views.in, .weight = views.parameters.slice(0, weights), .out = views.out},
      {.d_out = views.d_out,
       .d_in = views.d_in,
       .d_weight = views.d_parameters.slice(0, weights),
       .d_bias = views.d_parameters.slice(weights, bias_count())});
}

}  // namespace models
