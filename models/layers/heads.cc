#include "models/layers/heads.h"

#include <fmt/format.h>

namespace models {

std::string Heads::description() const {
  return fmt::format("attention {}{}", spec_.heads, spec_.causal ? " causal" : "");
}

ImageShape Heads::output() const {
  return {.height = input_.height, .width = input_.width, .channels = input_.channels / 3};
}

kernels::AttentionShape Heads::shape(std::size_t batch) const {
  return {.batch = batch,
          .tokens = input_.height * input_.width,
          .heads = spec_.heads,
          .width = input_.channels / 3 / spec_.heads,
          .causal = spec_.causal};
}

std::size_t Heads::multiplications() const {
  const kernels::AttentionShape one = shape(1);
  return 2 * one.tokens * one.out_count();  // scores, then values; what causality masks included
}

void Heads::forward(kernels::Backend& backend, const ForwardViews& views) const {
  backend.attention_forward(shape(views.batch), views.in, views.out);
}

void Heads::backward(kernels::Backend& backend, const BackwardViews& views) const {
  if (views.d_in.empty()) return;
  backend.attention_backward(shape(views.batch), views.in, views.d_out, views.d_in);
}

}  // namespace models
