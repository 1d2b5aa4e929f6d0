#include "models/layers/sum.h"

namespace models {

std::string Sum::description() const {
  return activation_ == kernels::Activation::kRelu ? "sum with shortcut, relu"
                                                   : "sum with shortcut";
}

void Sum::forward(kernels::Backend& backend, const ForwardViews& views) const {
  backend.add(views.in, views.shortcut, activation_, views.out);
}

void Sum::backward(kernels::Backend& backend, const BackwardViews& views) const {
  if (activation_ == kernels::Activation::kRelu)
    backend.relu_backward(views.out, views.d_out, views.d_out);
  if (!views.d_shortcut.empty()) backend.copy(views.d_out, views.d_shortcut);
  if (!views.d_in.empty() && views.d_in.data() != views.d_out.data())
    backend.copy(views.d_out, views.d_in);
}

}  // namespace models
