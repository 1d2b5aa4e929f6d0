#include "models/layers/build.h"

#include <fmt/format.h>

#include "models/layers/conv.h"
#include "models/layers/dense.h"
#include "models/layers/pool.h"
#include "models/layers/relu.h"

namespace models {
namespace {

using kernels::Activation;
using Built = runtime::Result<std::unique_ptr<Layer>>;

// Makes one layer of a spec: what comes in, and whether a ReLU follows that it can take in.
struct Builder {
  ImageShape input;
  Activation activation = Activation::kNone;

  [[nodiscard]] runtime::Error too_large(const char* what, std::size_t window) const {
    return {fmt::format("{} of {}x{} does not fit into an image of {}x{}", what, window, window,
                        input.height, input.width)};
  }

  Built operator()(const ConvSpec& spec) const {
    if (spec.channels == 0 || spec.kernel == 0 || spec.stride == 0)
      return runtime::Error{"conv: channels, kernel and stride must be at least 1"};
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
                                                      .activation = activation})};
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

  Built operator()(const ReluSpec& /*spec*/) const { return {std::make_unique<Relu>(input)}; }
};

bool takes_activation(const LayerSpec& spec) {
  return std::holds_alternative<ConvSpec>(spec) || std::holds_alternative<DenseSpec>(spec);
}

}  // namespace

runtime::Result<std::vector<std::unique_ptr<Layer>>> build_layers(
    const ImageShape& input, std::span<const LayerSpec> specs) {
  if (specs.empty()) return runtime::Error{"a network of no layers"};
  if (input.count() == 0)
    return runtime::Error{fmt::format("a network cannot read samples of {}x{}x{}", input.height,
                                      input.width, input.channels)};
  std::vector<std::unique_ptr<Layer>> layers;
  ImageShape shape = input;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool fuse = takes_activation(specs[i]) && i + 1 < specs.size() &&
                      std::holds_alternative<ReluSpec>(specs[i + 1]);
    const Builder builder{.input = shape,
                          .activation = fuse ? Activation::kRelu : Activation::kNone};
    Built built = std::visit(builder, specs[i]);
    if (!built) return runtime::Error{fmt::format("layer {}: {}", i + 1, built.error().message)};
    layers.push_back(std::move(built).value());
    shape = layers.back()->output();
    if (fuse) ++i;
  }
  return layers;
}

}  // namespace models
