#include "models/layers/build.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>

#include "models/layers/batchnorm.h"
#include "models/layers/conv.h"
#include "models/layers/dense.h"
#include "models/layers/dropout.h"
#include "models/layers/embedding.h"
#include "models/layers/gelu.h"
#include "models/layers/heads.h"
#include "models/layers/layernorm.h"
#include "models/layers/linear.h"
#include "models/layers/pool.h"
#include "models/layers/positions.h"
#include "models/layers/relu.h"
#include "models/layers/sum.h"
#include "runtime/check.h"

namespace models {
namespace {

using kernels::Activation;
using Built = runtime::Result<std::unique_ptr<Layer>>;

std::string size_of(const ImageShape& shape) {
  return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

// Makes one layer of a spec: what comes in, and whether a ReLU follows that it can take in.
struct Maker {
  ImageShape input;
  Activation activation = Activation::kNone;
  bool is_sample = false;  // the input is the network's

  [[nodiscard]] runtime::Error too_large(const char* what, std::size_t window) const {
    return {fmt::format("{} of {}x{} does not fit into an image of {}x{}", what, window, window,
                        input.height, input.width)};
  }

  Built operator()(const ConvSpec& spec) const {
    if (spec.channels == 0 || spec.kernel == 0 || spec.stride == 0 || spec.groups == 0)
      return runtime::Error{"conv: channels, kernel, stride and groups must be at least 1"};
    if (input.channels % spec.groups != 0 || spec.channels % spec.groups != 0)
      return runtime::Error{
          fmt::format("conv: {} input and {} output channels do not divide into "
                      "{} groups",
                      input.channels, spec.channels, spec.groups)};
    const std::size_t border = 2 * spec.padding;
    if (spec.kernel > input.height + border || spec.kernel > input.width + border)
      return too_large("a convolution", spec.kernel);
    return {std::make_unique<Conv>(kernels::ConvShape{.in_channels = input.channels,
                                                      .in_height = input.height,
                                                      .in_width = input.width,
                                                      .out_channels = spec.channels,
                                                      .kernel_height = spec.kernel,
                                                      .kernel_width = spec.kernel,
                                                      .stride = spec.stride,
                                                      .padding = spec.padding,
                                                      .activation = activation,
                                                      .groups = spec.groups},
                                   spec.bias)};
  }

  Built operator()(const DenseSpec& spec) const {
    if (spec.outputs == 0) return runtime::Error{"dense: outputs must be at least 1"};
    return {std::make_unique<Dense>(input, spec.outputs, activation)};
  }

  Built operator()(const PoolSpec& spec) const {
    if (spec.window == 0) return runtime::Error{"pool: window must be at least 1"};
    if (spec.window > input.height || spec.window > input.width)
      return too_large("a pool window", spec.window);
    return {std::make_unique<Pool>(kernels::PoolShape{.kind = spec.kind,
                                                      .channels = input.channels,
                                                      .in_height = input.height,
                                                      .in_width = input.width,
                                                      .window = spec.window,
                                                      .stride = spec.window})};
  }

  Built operator()(const GlobalPoolSpec& /*spec*/) const {
    if (input.height != input.width)
      return runtime::Error{
          fmt::format("globalpool: expected a square image, got {}", size_of(input))};
    return (*this)(PoolSpec{.kind = kernels::PoolKind::kAverage, .window = input.height});
  }

  Built operator()(const BatchNormSpec& /*spec*/) const {
    return {std::make_unique<BatchNorm>(input, activation, false)};
  }
  Built operator()(const ReluSpec& /*spec*/) const { return {std::make_unique<Relu>(input)}; }
  Built operator()(const LinearSpec& spec) const {
    if (spec.outputs == 0) return runtime::Error{"linear: outputs must be at least 1"};
    return {std::make_unique<Linear>(input, spec, activation)};
  }
  Built operator()(const LayerNormSpec& /*spec*/) const {
    return {std::make_unique<LayerNorm>(input)};
  }
  Built operator()(const GeluSpec& /*spec*/) const { return {std::make_unique<Gelu>(input)}; }
  Built operator()(const DropoutSpec& spec) const {
    if (!(spec.probability >= 0.0 && spec.probability < 1.0))
      return runtime::Error{fmt::format("dropout: expected a probability from 0 to below 1, got {}",
                                        spec.probability)};
    return {std::make_unique<Dropout>(input, spec.probability)};
  }

  Built operator()(const EmbeddingSpec& spec) const {
    if (spec.vocabulary == 0 || spec.width == 0)
      return runtime::Error{"embedding: vocabulary and width must be at least 1"};
    if (!is_sample || input.channels != 1)
      return runtime::Error{
          fmt::format("embedding: expected to be the first layer, of samples of one token number a "
                      "place, got {}",
                      size_of(input))};
    return {std::make_unique<Embedding>(input, spec)};
  }
  Built operator()(const PositionsSpec& /*spec*/) const {
    return {std::make_unique<Positions>(input)};
  }

  Built operator()(const HeadsSpec& spec) const {
    if (spec.heads == 0) return runtime::Error{"attention: heads must be at least 1"};
    if (input.channels % (3 * spec.heads) != 0)
      return runtime::Error{fmt::format("attention: {} channels do not divide into {} heads",
                                        input.channels / 3, spec.heads)};
    return {std::make_unique<Heads>(input, spec)};
  }

  // Of several layers: the Builder takes these apart.
  Built operator()(const AttentionSpec& /*spec*/) const { return never(); }
  Built operator()(const ResidualSpec& /*spec*/) const { return never(); }

 private:
  static Built never() {
    CHECK(false);
    return runtime::Error{""};
  }
};

bool takes_activation(const LayerSpec& spec) {
  return std::holds_alternative<ConvSpec>(spec) || std::holds_alternative<DenseSpec>(spec) ||
         std::holds_alternative<LinearSpec>(spec) || std::holds_alternative<BatchNormSpec>(spec) ||
         std::holds_alternative<ResidualSpec>(spec);
}

// How the layers of one list are called.
struct Scope {
  std::string prefix;     // "layer1.0."
  bool by_place = false;  // "downsample.0", else by kind and number
  std::map<std::string, std::size_t> numbers = {};

  [[nodiscard]] std::string name(const LayerSpec& spec, std::string_view stem, std::size_t place) {
    if (!spec.name.empty()) return prefix + spec.name;
    if (by_place) return prefix + fmt::format("{}", place);
    return prefix + fmt::format("{}{}", stem, ++numbers[std::string(stem)]);
  }
};

// What the list so far ends with.
struct End {
  std::size_t node = Node::kNetworkInput;
  ImageShape shape;
};

class Builder {
 public:
  runtime::Result<End> append(End end, std::span<const LayerSpec> specs, Scope& scope) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const bool fuse = takes_activation(specs[i]) && i + 1 < specs.size() &&
                        std::holds_alternative<ReluSpec>(specs[i + 1]);
      auto next = append_one(end, specs[i], fuse ? Activation::kRelu : Activation::kNone, scope, i);
      if (!next) return runtime::Error{fmt::format("layer {}: {}", i + 1, next.error().message)};
      end = *next;
      if (fuse) ++i;
    }
    return end;
  }
  [[nodiscard]] std::vector<Node> take() { return std::move(nodes_); }

 private:
  runtime::Result<End> append_one(const End& end, const LayerSpec& spec, Activation activation,
                                  Scope& scope, std::size_t place) {
    if (const auto* residual = std::get_if<ResidualSpec>(&spec))
      return append_residual(end, *residual, activation, scope.name(spec, "block", place));
    if (const auto* attention = std::get_if<AttentionSpec>(&spec))
      return append_attention(end, *attention, scope.name(spec, "attn", place));
    auto built = std::visit(Maker{.input = end.shape,
                                  .activation = activation,
                                  .is_sample = end.node == Node::kNetworkInput},
                            static_cast<const LayerSpec::variant&>(spec));
    if (!built) return built.error();
    std::string name;
    if (!(*built)->stem().empty()) name = scope.name(spec, (*built)->stem(), place);
    return add({std::move(built).value(), std::move(name), end.node, Node::kNone});
  }

  runtime::Result<End> append_attention(End end, const AttentionSpec& spec,
                                        const std::string& name) {
    const std::size_t channels = end.shape.channels;
    const LinearSpec projection{
        .outputs = 3 * channels, .deviation = spec.deviation, .prefix = "in_proj_"};
    const std::array<std::pair<LayerSpec, std::string>, 3> parts{
        {{LayerSpec(projection), name},
         {LayerSpec(spec.heads), ""},
         {LayerSpec(LinearSpec{.outputs = channels, .deviation = spec.deviation}),
          name + ".out_proj"}}};
    for (const auto& [part, part_name] : parts) {
      auto built =
          std::visit(Maker{.input = end.shape}, static_cast<const LayerSpec::variant&>(part));
      if (!built) return built.error();
      end = add({std::move(built).value(), part_name, end.node, Node::kNone});
    }
    return end;
  }

  runtime::Result<End> append_residual(const End& end, const ResidualSpec& spec,
                                       Activation activation, const std::string& name) {
    if (spec.body.empty()) return runtime::Error{"residual: no layers"};
    // A normalisation at the end of the body takes the sum in: it comes after the shortcut.
    const std::span<const LayerSpec> layers(spec.body);
    const bool fuse = std::holds_alternative<BatchNormSpec>(layers.back());
    Scope inside{.prefix = name + "."};
    auto body = append(end, layers.first(layers.size() - (fuse ? 1 : 0)), inside);
    if (!body) return runtime::Error{"residual: " + body.error().message};
    const std::size_t stream = fuse ? streams_++ : 0;
    Scope beside{.prefix = name + ".downsample.", .by_place = true};
    auto shortcut = append(end, spec.shortcut, beside);
    if (!shortcut) return runtime::Error{"shortcut: " + shortcut.error().message};
    if (body->shape != shortcut->shape)
      return runtime::Error{fmt::format("residual: its layers end in {}, the shortcut in {}",
                                        size_of(body->shape), size_of(shortcut->shape))};
    if (!fuse)
      return add({std::make_unique<Sum>(body->shape, activation), {}, body->node, shortcut->node});
    auto norm = std::make_unique<BatchNorm>(body->shape, activation, true);
    std::string norm_name = inside.name(layers.back(), norm->stem(), layers.size() - 1);
    const End sum = add({std::move(norm), std::move(norm_name), body->node, shortcut->node});
    nodes_.back().stream = stream;
    return sum;
  }

  End add(Node node) {
    nodes_.push_back(std::move(node));
    nodes_.back().stream = streams_++;
    return {nodes_.size() - 1, nodes_.back().layer->output()};
  }

  std::vector<Node> nodes_;
  std::size_t streams_ = 0;
};

}  // namespace

runtime::Result<std::vector<Node>> build_layers(const ImageShape& input,
                                                std::span<const LayerSpec> specs) {
  if (specs.empty()) return runtime::Error{"a network of no layers"};
  if (input.count() == 0)
    return runtime::Error{fmt::format("a network cannot read samples of {}", size_of(input))};
  Builder builder;
  Scope scope;
  auto end = builder.append({Node::kNetworkInput, input}, specs, scope);
  if (!end) return end.error();
  return builder.take();
}

}  // namespace models
