#pragma once
// What tells one call of oneDNN from another.

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/shapes.h"

namespace kernels::cpu {

enum class Operation : std::uint8_t {
  kDenseForward,
  kDenseBackwardData,
  kDenseBackwardWeight,
  kConvForward,
  kConvBackwardData,
  kConvBackwardWeight,
};

// Which operands the caller has as bf16.
struct Rounded {
  bool in = false;
  bool d_out = false;
  bool weight = false;
  bool result = false;  // out, or d_in
};

// All that a primitive depends on.
using Key = std::array<std::size_t, 14>;

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t hash = 0;
    for (const std::size_t part : key) hash = (hash ^ part) * 0x9e3779b97f4a7c15U;
    return hash ^ (hash >> 32U);
  }
};

[[nodiscard]] inline Key key_of(Operation operation, const DenseShape& s, const Rounded& rounded) {
  return {static_cast<std::size_t>(operation),
          s.batch,
          s.inputs,
          s.outputs,
          static_cast<std::size_t>(s.activation),
          static_cast<std::size_t>(rounded.in),
          static_cast<std::size_t>(rounded.d_out),
          static_cast<std::size_t>(rounded.weight),
          static_cast<std::size_t>(rounded.result)};
}

[[nodiscard]] inline Key key_of(Operation operation, const ConvShape& s, const Rounded& rounded) {
  return {static_cast<std::size_t>(operation),
          s.batch,
          s.in_channels,
          s.in_height,
          s.in_width,
          s.out_channels,
          s.kernel_height,
          s.kernel_width,
          s.stride,
          s.padding,
          static_cast<std::size_t>(s.activation),
          s.groups,
          static_cast<std::size_t>(rounded.in),
          static_cast<std::size_t>(rounded.d_out)};
}

}  // namespace kernels::cpu
