#include "peers/policies/shaped_gradient.h"

#include <utility>

namespace peers {

ShapedGradient::ShapedGradient(Parts parts) : parts_(std::move(parts)) {}

double ShapedGradient::gradient_at(kernels::ConstView estimate, kernels::View gradient) {
  const double loss = parts_.objective->gradient_at(estimate, gradient);
  for (Regularizer* regularizer : parts_.regularizers) regularizer->add_to(estimate, gradient);
  if (parts_.correction != nullptr) parts_.correction->correct(gradient);
  // Mixing moves statistics too, and a correction that saw it must not pass for a gradient: norms
  // are taken over all of it.
  const std::size_t count = parts_.objective->statistic_count();
  if (count > 0) parts_.backend->fill(0.0, gradient.slice(gradient.count() - count, count));
  return loss;
}

}  // namespace peers
