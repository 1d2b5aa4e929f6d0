#include "models/layers/batchnorm.h"

#include <fmt/format.h>

#include <algorithm>

namespace models {
namespace {

constexpr double kMove = 0.1;

// Two tensors of one number a channel.
std::vector<ParameterTensor> per_channel(const char* first, const char* second,
                                         std::size_t channels) {
  return {
      {.name = first, .shape = {channels}, .offset = 0, .count = channels, .storage = {}},
      {.name = second, .shape = {channels}, .offset = channels, .count = channels, .storage = {}}};
}

}  // namespace

BatchNorm::BatchNorm(const ImageShape& input, kernels::Activation activation, bool has_shortcut)
    : input_(input), activation_(activation), has_shortcut_(has_shortcut) {}

std::string BatchNorm::description() const {
  return fmt::format("batchnorm{}{}", has_shortcut_ ? ", sum with shortcut" : "",
                     activation_ == kernels::Activation::kRelu ? ", relu" : "");
}

std::vector<ParameterTensor> BatchNorm::tensors() const {
  return per_channel("weight", "bias", input_.channels);
}

void BatchNorm::initialise(runtime::Random& /*random*/, std::span<float> parameters) const {
  std::ranges::fill(parameters.first(input_.channels), 1.0F);
  std::ranges::fill(parameters.last(input_.channels), 0.0F);
}

std::vector<ParameterTensor> BatchNorm::statistics() const {
  return per_channel("running_mean", "running_var", input_.channels);
}

void BatchNorm::initialise_statistics(std::span<float> statistics) const {
  std::ranges::fill(statistics.first(input_.channels), 0.0F);
  std::ranges::fill(statistics.last(input_.channels), 1.0F);
}

void BatchNorm::move_statistics(kernels::Backend& backend, std::size_t batch,
                                kernels::ConstView saved, kernels::ConstView statistics,
                                kernels::View delta) const {
  backend.copy(statistics, delta);
  backend.scale(-kMove, delta);
  const std::size_t channels = input_.channels;
  backend.axpy(kMove, saved.slice(0, channels), delta.slice(0, channels));
  // What the variance of all pixels is, judged by those of a batch.
  const auto rows = static_cast<double>(shape(batch).rows);
  const double unbiased = rows > 1.0 ? rows / (rows - 1.0) : 1.0;
  backend.axpy(kMove * unbiased, saved.slice(channels, channels), delta.slice(channels, channels));
}

kernels::BatchNormShape BatchNorm::shape(std::size_t batch) const {
  return {.rows = batch * input_.height * input_.width,
          .channels = input_.channels,
          .activation = activation_};
}

void BatchNorm::forward(kernels::Backend& backend, const ForwardViews& views) const {
  const std::size_t channels = input_.channels;
  const kernels::BatchNormParameters parameters{views.parameters.slice(0, channels),
                                                views.parameters.slice(channels, channels)};
  const kernels::BatchNormMoments moments{views.saved.slice(0, channels),
                                          views.saved.slice(channels, channels)};
  const kernels::BatchNormInputs inputs{views.in, views.shortcut};
  const kernels::BatchNormOutputs outputs{views.out, views.out_rounded};
  if (views.training) {
    backend.batchnorm_forward(shape(views.batch), inputs, parameters, moments, outputs);
    return;
  }
  backend.copy(views.statistics, views.saved);
  backend.batchnorm_apply(shape(views.batch), inputs, parameters, moments, outputs);
}

void BatchNorm::backward(kernels::Backend& backend, const BackwardViews& views) const {
  const std::size_t channels = input_.channels;
  backend.batchnorm_backward(shape(views.batch),
                             {.in = views.in,
                              .scale = views.parameters.slice(0, channels),
                              .shift = views.parameters.slice(channels, channels),
                              .out = views.out,
                              .mean = views.saved.slice(0, channels),
                              .variance = views.saved.slice(channels, channels),
                              .added = has_shortcut_},
                             {.d_out = views.d_out,
                              .d_in = views.d_in,
                              .d_weight = views.d_parameters.slice(0, channels),
                              .d_bias = views.d_parameters.slice(channels, channels),
                              .d_out_more = views.d_out_more});
}

}  // namespace models
