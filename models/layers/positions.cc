#include "models/layers/positions.h"

#include "models/layers/initialise.h"

namespace models {
namespace {

constexpr double kDeviation = 0.02;  // as the tables of GPT and ViT start

}  // namespace

std::vector<ParameterTensor> Positions::tensors() const {
  return {{.name = "weight",
           .shape = {input_.height * input_.width, input_.channels},
           .offset = 0,
           .count = input_.count(),
           .storage = {}}};
}

void Positions::initialise(runtime::Random& random, std::span<float> parameters) const {
  initialise_normal(random, kDeviation, parameters);
}

void Positions::forward(kernels::Backend& backend, const ForwardViews& views) const {
  backend.add_to_rows({.rows = views.batch, .columns = input_.count()}, views.in, views.parameters,
                      views.out);
}

void Positions::backward(kernels::Backend& backend, const BackwardViews& views) const {
  backend.sum_rows({.rows = views.batch, .columns = input_.count()}, views.d_out,
                   views.d_parameters);
  if (!views.d_in.empty() && views.d_in.data() != views.d_out.data())
    backend.copy(views.d_out, views.d_in);
}

}  // namespace models
