#pragma once
// Dense layers and convolutions as operands, for tests that compare devices.

#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/kernels/operands.h"

namespace layers {

using operands::Backend;
using operands::Operands;
using operands::View;
using Views = std::span<const View>;

// in, weight, bias, d_out for a layer, with room for out, d_in, d_weight and d_bias that holds
// numbers which must not survive.
enum Layer : std::size_t { kIn, kWeight, kBias, kOut, kDOut, kDIn, kDWeight, kDBias };

inline std::size_t outputs_of(const kernels::DenseShape& shape) { return shape.outputs; }
inline std::size_t outputs_of(const kernels::ConvShape& shape) { return shape.out_channels; }

template <typename Shape>
Operands<float> random_operands(const Shape& shape, std::uint64_t seed) {
  const std::size_t outputs = outputs_of(shape);
  runtime::Random random(seed);
  Operands<float> start;
  for (const std::size_t count :
       {shape.in_count(), shape.weight_count(), outputs, shape.out_count(), shape.out_count(),
        shape.in_count(), shape.weight_count(), outputs})
    start.push_back(operands::random_numbers<float>(count, random));
  return start;
}

inline void forward(Backend& backend, const kernels::DenseShape& shape, Views v) {
  backend.dense_forward(shape, v[kIn], v[kWeight], v[kBias], v[kOut]);
}
inline void forward(Backend& backend, const kernels::ConvShape& shape, Views v) {
  backend.conv_forward(shape, v[kIn], v[kWeight], v[kBias], v[kOut]);
}

inline kernels::LayerGradients gradients(Views v) {
  return {v[kDOut], v[kDIn], v[kDWeight], v[kDBias]};
}
// d_out, which is scratch, has been cleared afterwards.
inline void backward(Backend& backend, const kernels::DenseShape& shape, Views v) {
  backend.dense_backward(shape, {v[kIn], v[kWeight], v[kOut]}, gradients(v));
  backend.fill(0.0, v[kDOut]);
}
inline void backward(Backend& backend, const kernels::ConvShape& shape, Views v) {
  backend.conv_backward(shape, {v[kIn], v[kWeight], v[kOut]}, gradients(v));
  backend.fill(0.0, v[kDOut]);
}

// The backward pass must start from one forward result: two that differ in the last bit can differ
// in a ReLU's mask.
template <typename Shape>
Operands<float> after_forward(Backend& backend, const Shape& shape, const Operands<float>& start) {
  return operands::run_on(backend, start, [&](Backend& b, Views v) { forward(b, shape, v); });
}

}  // namespace layers
