#include "models/layers/embedding.h"

#include <fmt/format.h>

#include "models/layers/initialise.h"

namespace models {

std::string Embedding::description() const {
  return fmt::format("embedding {} {}", spec_.vocabulary, spec_.width);
}

ImageShape Embedding::output() const {
  return {.height = input_.height, .width = input_.width, .channels = spec_.width};
}

std::vector<ParameterTensor> Embedding::tensors() const {
  return {{.name = "weight",
           .shape = {spec_.vocabulary, spec_.width},
           .offset = 0,
           .count = spec_.vocabulary * spec_.width,
           .storage = {}}};
}

void Embedding::initialise(runtime::Random& random, std::span<float> parameters) const {
  initialise_normal(random, spec_.deviation, parameters);
}

kernels::EmbeddingShape Embedding::shape(std::size_t batch) const {
  return {.rows = batch * input_.count(), .vocabulary = spec_.vocabulary, .width = spec_.width};
}

void Embedding::forward(kernels::Backend& backend, const ForwardViews& views) const {
  backend.embedding_forward(shape(views.batch), views.in, views.parameters, views.out);
}

void Embedding::backward(kernels::Backend& backend, const BackwardViews& views) const {
  backend.embedding_backward(shape(views.batch), views.in, views.d_out, views.d_parameters);
}

}  // namespace models
