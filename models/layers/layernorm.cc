#include "models/layers/layernorm.h"

#include <algorithm>

namespace models {

std::vector<ParameterTensor> LayerNorm::tensors() const {
  const std::size_t channels = input_.channels;
  return {
      {.name = "weight", .shape = {channels}, .offset = 0, .count = channels, .storage = {}},
      {.name = "bias", .shape = {channels}, .offset = channels, .count = channels, .storage = {}}};
}

void LayerNorm::initialise(runtime::Random& /*random*/, std::span<float> parameters) const {
  std::ranges::fill(parameters.first(input_.channels), 1.0F);
  std::ranges::fill(parameters.last(input_.channels), 0.0F);
}

kernels::LayerNormShape LayerNorm::shape(std::size_t batch) const {
  return {.rows = batch * input_.height * input_.width, .columns = input_.channels};
}

void LayerNorm::forward(kernels::Backend& backend, const ForwardViews& views) const {
  const std::size_t channels = input_.channels;
  backend.layernorm_forward(shape(views.batch), views.in,
                            {.scale = views.parameters.slice(0, channels),
                             .shift = views.parameters.slice(channels, channels)},
                            views.out);
}

void LayerNorm::backward(kernels::Backend& backend, const BackwardViews& views) const {
  const std::size_t channels = input_.channels;
  backend.layernorm_backward(shape(views.batch),
                             {.in = views.in, .scale = views.parameters.slice(0, channels)},
                             {.d_out = views.d_out,
                              .d_in = views.d_in,
                              .d_weight = views.d_parameters.slice(0, channels),
                              .d_bias = views.d_parameters.slice(channels, channels)});
}

}  // namespace models
