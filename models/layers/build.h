#pragma once
// A network as a list of layers, as the zoo writes it, and the layers that such a list stands for.

#include <cstddef>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "kernels/shapes.h"
#include "models/layers/layer.h"
#include "runtime/result.h"

namespace models {

struct ConvSpec {
  std::size_t channels = 1;
  std::size_t kernel = 1;  // square
  std::size_t stride = 1;
  std::size_t padding = 0;
};
struct DenseSpec {
  std::size_t outputs = 1;
};
struct PoolSpec {
  kernels::PoolKind kind = kernels::PoolKind::kMax;
  std::size_t window = 2;  // and as far to the next
};
struct ReluSpec {};
using LayerSpec = std::variant<ConvSpec, DenseSpec, PoolSpec, ReluSpec>;

// Works out every layer's shape from the sample's. A ReLU right behind a convolution or a dense
// layer becomes part of it. Refused: an empty list, sizes of zero, a window larger than its image.
[[nodiscard]] runtime::Result<std::vector<std::unique_ptr<Layer>>> build_layers(
    const ImageShape& input, std::span<const LayerSpec> specs);

}  // namespace models
