#include "models/zoo/vit.h"

#include <fmt/format.h>

namespace models {
namespace {

constexpr std::size_t kWidth = 128;
constexpr std::size_t kBlocks = 6;
constexpr std::size_t kHeads = 4;
constexpr std::size_t kPatch = 4;
constexpr double kDeviation = 0.02;

LayerSpec linear(std::size_t outputs, std::string name) {
  return LayerSpec(LinearSpec{.outputs = outputs, .deviation = kDeviation}).named(std::move(name));
}

void append_block(std::vector<LayerSpec>& layers, const std::string& name) {
  ResidualSpec attention;
  attention.body.push_back(LayerSpec(LayerNormSpec{}).named("ln_1"));
  attention.body.push_back(
      LayerSpec(AttentionSpec{.heads = {.heads = kHeads}, .deviation = kDeviation})
          .named("self_attention"));
  layers.push_back(LayerSpec(std::move(attention)).named(name));
  ResidualSpec mlp;
  mlp.body.push_back(LayerSpec(LayerNormSpec{}).named("ln_2"));
  mlp.body.push_back(linear(4 * kWidth, "mlp.0"));
  mlp.body.emplace_back(GeluSpec{});
  mlp.body.push_back(linear(kWidth, "mlp.3"));
  layers.push_back(LayerSpec(std::move(mlp)).named(name));
}

}  // namespace

std::vector<LayerSpec> vit_tiny(std::size_t classes) {
  std::vector<LayerSpec> layers;
  layers.push_back(LayerSpec(ConvSpec{.channels = kWidth, .kernel = kPatch, .stride = kPatch})
                       .named("conv_proj"));
  layers.push_back(LayerSpec(PositionsSpec{}).named("encoder.pos_embedding"));
  for (std::size_t block = 0; block < kBlocks; ++block)
    append_block(layers, fmt::format("encoder.layers.encoder_layer_{}", block));
  layers.push_back(LayerSpec(LayerNormSpec{}).named("encoder.ln"));
  layers.emplace_back(GlobalPoolSpec{});
  layers.push_back(LayerSpec(DenseSpec{classes}).named("heads.head"));
  return layers;
}

}  // namespace models
