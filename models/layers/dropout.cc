#include "models/layers/dropout.h"

#include <fmt/format.h>

namespace models {

std::string Dropout::description() const { return fmt::format("dropout {}", probability_); }

void Dropout::forward(kernels::Backend& backend, const ForwardViews& views) const {
  if (views.training)
    backend.dropout({.probability = probability_}, views.draw, views.in, views.out);
  else
    backend.copy(views.in, views.out);
}

void Dropout::backward(kernels::Backend& backend, const BackwardViews& views) const {
  if (views.d_in.empty()) return;
  backend.dropout({.probability = probability_}, views.draw, views.d_out, views.d_in);
}

}  // namespace models
