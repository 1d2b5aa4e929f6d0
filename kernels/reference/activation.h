#pragma once

#include <span>

#include "kernels/shapes.h"

namespace kernels::reference {

template <typename T>
[[nodiscard]] T activated(Activation activation, T value) {
  return activation == Activation::kRelu && !(value > T{0}) ? T{0} : value;
}

// d_out = d_out where the activation let the value through, else 0.
template <typename T>
void mask(Activation activation, std::span<const T> out, std::span<T> d_out) {
  if (activation == Activation::kNone) return;
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!(out[i] > T{0})) d_out[i] = T{0};
}

// d_bias = the sum of d_out over all rows, for rows as wide as the bias.
template <typename T>
void add_up_rows(std::span<const T> d_out, std::span<T> d_bias) {
  for (std::size_t column = 0; column < d_bias.size(); ++column) {
    double sum = 0.0;
    for (std::size_t i = column; i < d_out.size(); i += d_bias.size())
      sum += static_cast<double>(d_out[i]);
    d_bias[column] = static_cast<T>(sum);
  }
}

}  // namespace kernels::reference
