#include "models/layers/relu.h"

namespace models {

void Relu::forward(kernels::Backend& backend, const ForwardViews& views) const {
  backend.relu_forward(views.in, views.out);
}

void Relu::backward(kernels::Backend& backend, const BackwardViews& views) const {
  if (views.d_in.empty()) return;
  backend.relu_backward(views.out, views.d_out, views.d_in);
}

}  // namespace models
