#pragma once
// The tensors of a convolution as cuDNN is told of them. It names dimensions in the order images,
// channels, rows, columns, whatever order memory has; strides say that. (cuDNN documentation,
// "Tensors and Layouts".) Plain arithmetic: no device, no cuDNN.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/cuda/tensor_layout.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

// Packed, channels last. `dims`: images, channels, rows, columns.
[[nodiscard]] inline TensorLayout channels_last(const std::array<std::size_t, 4>& dims) {
  const auto [images, channels, rows, columns] = dims;
  const auto number = [](std::size_t count) { return static_cast<std::int64_t>(count); };
  return {.dims = {number(images), number(channels), number(rows), number(columns)},
          .strides = {number(rows * columns * channels), 1, number(columns * channels),
                      number(channels)}};
}

[[nodiscard]] inline TensorLayout in_tensor(const ConvShape& s) {
  return channels_last({s.batch, s.in_channels, s.in_height, s.in_width});
}
// Channels of one group: how many groups there are cuDNN takes from this and the input's channels.
[[nodiscard]] inline TensorLayout weight_tensor(const ConvShape& s) {
  return channels_last({s.out_channels, s.in_channels / s.groups, s.kernel_height, s.kernel_width});
}
[[nodiscard]] inline TensorLayout out_tensor(const ConvShape& s) {
  return channels_last({s.batch, s.out_channels, s.out_height(), s.out_width()});
}
// Added to every pixel of every image.
[[nodiscard]] inline TensorLayout bias_tensor(const ConvShape& s) {
  return channels_last({1, s.out_channels, 1, 1});
}

// Rows and columns.
using ConvWindow = std::array<std::int64_t, 2>;
[[nodiscard]] inline ConvWindow window_of(std::size_t both) {
  return {static_cast<std::int64_t>(both), static_cast<std::int64_t>(both)};
}

// Whether 32 bits count the numbers of each tensor. cuDNN's own front end refuses larger weights,
// for which some of its kernels overflow.
[[nodiscard]] inline bool counts_in_32_bits(const ConvShape& s) {
  constexpr std::size_t kCountMax = std::numeric_limits<std::int32_t>::max();
  return std::max({s.in_count(), s.weight_count(), s.out_count()}) <= kCountMax;
}

}  // namespace kernels::cuda
