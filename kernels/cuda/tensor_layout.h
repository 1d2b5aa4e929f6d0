#pragma once
// Where the numbers of a tensor lie, as cuDNN is told. Plain arithmetic: no device, no cuDNN.

#include <array>
#include <cstdint>
#include <utility>

namespace kernels::cuda {

// Strides count numbers, not bytes.
struct TensorLayout {
  std::array<std::int64_t, 4> dims;
  std::array<std::int64_t, 4> strides;
  bool operator==(const TensorLayout&) const = default;
};

// The last dimension fastest, nothing in between.
[[nodiscard]] inline TensorLayout packed(const std::array<std::int64_t, 4>& dims) {
  return {.dims = dims, .strides = {dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1}};
}

// The same numbers, of matrices that are read the other way.
[[nodiscard]] inline TensorLayout transposed(TensorLayout layout) {
  std::swap(layout.dims[2], layout.dims[3]);
  std::swap(layout.strides[2], layout.strides[3]);
  return layout;
}

}  // namespace kernels::cuda
