#pragma once
// Where a convolution's kernel lies on the image: ConvShape for the device, as its functions are
// the host's.

#include <cstddef>

#include "kernels/shapes.h"

namespace kernels::cuda {

struct ConvPlaces {
  explicit ConvPlaces(const ConvShape& shape)
      : in_height(shape.in_height),
        in_width(shape.in_width),
        out_height(shape.out_height()),
        out_width(shape.out_width()),
        kernel_height(shape.kernel_height),
        kernel_width(shape.kernel_width),
        stride(shape.stride),
        padding(shape.padding) {}

  std::size_t in_height;
  std::size_t in_width;
  std::size_t out_height;
  std::size_t out_width;
  std::size_t kernel_height;
  std::size_t kernel_width;
  std::size_t stride;
  std::size_t padding;
};

// The input position that kernel element k reads for output position `out`. Left of the image and
// above it this wraps around to a huge number: outside as well.
__device__ inline std::size_t input_at(const ConvPlaces& p, std::size_t out, std::size_t k) {
  return out * p.stride + k - p.padding;
}

// The output position whose kernel element k reads input position `at`, or `out` when none does.
__device__ inline std::size_t output_at(const ConvPlaces& p, std::size_t at, std::size_t k,
                                        std::size_t out) {
  const std::size_t distance = at + p.padding - k;  // wraps around below zero: then beyond `out`
  if (distance % p.stride != 0 || distance / p.stride >= out) return out;
  return distance / p.stride;
}

}  // namespace kernels::cuda
