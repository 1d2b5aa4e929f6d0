#pragma once
// A network as a list of layers, as the zoo and the user write it, and the graph that such a list
// stands for.

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
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
  std::size_t groups = 1;  // inputs and outputs in so many groups that do not mix
  bool bias = true;        // false where a normalisation follows, whose shift does the same
};
struct DenseSpec {
  std::size_t outputs = 1;
};
struct PoolSpec {
  kernels::PoolKind kind = kernels::PoolKind::kMax;
  std::size_t window = 2;  // and as far to the next
};
struct GlobalPoolSpec {};  // the average of each channel
struct BatchNormSpec {};
struct ReluSpec {};
// A dense layer of each pixel's channels.
struct LinearSpec {
  std::size_t outputs = 1;
  bool bias = true;
  double deviation = 0.0;   // weights start normal, the bias at zero; 0: as PyTorch's layers start
  std::string prefix = {};  // of its tensors' names: "in_proj_" makes "in_proj_weight"
};
struct LayerNormSpec {};
struct GeluSpec {};
struct DropoutSpec {
  double probability = 0.0;  // in [0, 1)
};
// Of samples that are token numbers: the first layer.
struct EmbeddingSpec {
  std::size_t vocabulary = 1;
  std::size_t width = 1;
  double deviation = 1.0;  // of what the table starts from
};
struct PositionsSpec {};
// Attention between its linear layers: channels are queries, keys and values.
struct HeadsSpec {
  std::size_t heads = 1;
  bool causal = false;  // a token sees itself and those before it
};
// All of it, with the linear layers and their names as in PyTorch's MultiheadAttention.
struct AttentionSpec {
  HeadsSpec heads;
  double deviation = 0.0;  // LinearSpec's
};
struct LayerSpec;
// body(x) + shortcut(x); no shortcut: + x.
struct ResidualSpec {
  std::vector<LayerSpec> body;
  std::vector<LayerSpec> shortcut;
};

struct LayerSpec
    : std::variant<ConvSpec, DenseSpec, PoolSpec, GlobalPoolSpec, BatchNormSpec, ReluSpec,
                   LinearSpec, LayerNormSpec, GeluSpec, DropoutSpec, EmbeddingSpec, PositionsSpec,
                   HeadsSpec, AttentionSpec, ResidualSpec> {
  using variant::variant;

  // Under which its parameters are saved; else its kind and number, "conv1", or, in a shortcut, its
  // place: "downsample.0".
  std::string name;
  [[nodiscard]] LayerSpec named(std::string chosen) && {
    name = std::move(chosen);
    return std::move(*this);
  }
};

// A layer in its place. Nodes read what earlier nodes wrote, by their numbers.
struct Node {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t kNetworkInput = kNone - 1;

  std::unique_ptr<Layer> layer;
  std::string name;  // "layer1.0.conv1"
  std::size_t in = kNetworkInput;
  std::size_t shortcut = kNone;
  std::size_t stream = 0;  // which random numbers are its own: no matter what is fused with what
};

// Works out every layer's shape from the sample's. A ReLU right behind a convolution, a dense or
// linear layer, a batch normalisation or a residual block becomes part of it, and so does the sum
// of a residual block whose body ends in a batch normalisation. Refused, with the
// number of the layer: an empty list, sizes of zero, a window larger than its image, a body and a
// shortcut of two shapes, heads that do not divide the channels, an embedding of what are not
// tokens.
[[nodiscard]] runtime::Result<std::vector<Node>> build_layers(const ImageShape& input,
                                                              std::span<const LayerSpec> specs);

}  // namespace models
