#pragma once
// Whether views belong to a shape: the sizes it says, of one type but where bf16 is taken
// (Backend::takes_rounded()). Every backend CHECKs these
// before it touches memory. A shape itself must have a batch and sizes of at least 1, and a window
// that fits the image.

#include "kernels/backend.h"

namespace kernels {

// What a forward pass of a dense or convolution layer touches.
struct LayerViews {
  ConstView in;
  ConstView weight;
  ConstView bias;
  ConstView out;
};

[[nodiscard]] bool fits(const DenseShape& shape, const LayerViews& views);
[[nodiscard]] bool fits(const DenseShape& shape, const DenseSaved& saved,
                        const LayerGradients& gradients);
[[nodiscard]] bool fits(const ConvShape& shape, const LayerViews& views);
[[nodiscard]] bool fits(const ConvShape& shape, const ConvSaved& saved,
                        const LayerGradients& gradients);
[[nodiscard]] bool fits(const PoolShape& shape, ConstView in, ConstView out);
[[nodiscard]] bool fits(const BatchNormShape& shape, const BatchNormInputs& inputs,
                        const BatchNormParameters& parameters, const BatchNormMoments& moments,
                        const BatchNormOutputs& outputs);
[[nodiscard]] bool fits(const BatchNormShape& shape, const BatchNormSaved& saved,
                        const LayerGradients& gradients);
[[nodiscard]] bool fits(const LayerNormShape& shape, ConstView in,
                        const LayerNormParameters& parameters, ConstView out);
[[nodiscard]] bool fits(const LayerNormShape& shape, const LayerNormSaved& saved,
                        const LayerGradients& gradients);
[[nodiscard]] bool fits(const DropoutMask& mask, ConstView key, ConstView in, ConstView out);
[[nodiscard]] bool fits(const EmbeddingShape& shape, ConstView tokens, ConstView table,
                        ConstView out);
[[nodiscard]] bool fits(const RowsShape& shape, ConstView matrix, ConstView row);
[[nodiscard]] bool fits(const AttentionShape& shape, ConstView in, ConstView out);
// Of f32, picks of i32.
[[nodiscard]] bool fits(const CropShape& shape, ConstView table, ConstView picks, ConstView out);
[[nodiscard]] bool fits(const SoftmaxShape& shape, ConstView logits, ConstView labels,
                        const LossOutputs& outputs);

}  // namespace kernels
