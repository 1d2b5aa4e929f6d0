#include "models/zoo/gpt.h"

#include <fmt/format.h>

#include <cmath>

namespace models {
namespace {

constexpr std::size_t kWidth = 128;
constexpr std::size_t kBlocks = 4;
constexpr std::size_t kHeads = 4;
constexpr double kDeviation = 0.02;

LayerSpec linear(std::size_t outputs, double deviation, std::string name) {
  return LayerSpec(LinearSpec{.outputs = outputs, .deviation = deviation}).named(std::move(name));
}

// Two residual halves. What they end with starts smaller the more of them add up.
void append_block(std::vector<LayerSpec>& layers, const std::string& name) {
  const double last = kDeviation / std::sqrt(2.0 * kBlocks);
  ResidualSpec attention;
  attention.body.push_back(LayerSpec(LayerNormSpec{}).named("ln_1"));
  attention.body.push_back(linear(3 * kWidth, kDeviation, "attn.c_attn"));
  attention.body.emplace_back(HeadsSpec{.heads = kHeads, .causal = true});
  attention.body.push_back(linear(kWidth, last, "attn.c_proj"));
  layers.push_back(LayerSpec(std::move(attention)).named(name));
  ResidualSpec mlp;
  mlp.body.push_back(LayerSpec(LayerNormSpec{}).named("ln_2"));
  mlp.body.push_back(linear(4 * kWidth, kDeviation, "mlp.c_fc"));
  mlp.body.emplace_back(GeluSpec{});
  mlp.body.push_back(linear(kWidth, last, "mlp.c_proj"));
  layers.push_back(LayerSpec(std::move(mlp)).named(name));
}

}  // namespace

std::vector<LayerSpec> gpt_mini(std::size_t vocabulary) {
  std::vector<LayerSpec> layers;
  layers.push_back(
      LayerSpec(EmbeddingSpec{.vocabulary = vocabulary, .width = kWidth, .deviation = kDeviation})
          .named("transformer.wte"));
  layers.push_back(LayerSpec(PositionsSpec{}).named("transformer.wpe"));
  for (std::size_t block = 0; block < kBlocks; ++block)
    append_block(layers, fmt::format("transformer.h.{}", block));
  layers.push_back(LayerSpec(LayerNormSpec{}).named("transformer.ln_f"));
  layers.push_back(
      LayerSpec(LinearSpec{.outputs = vocabulary, .bias = false, .deviation = kDeviation})
          .named("lm_head"));
  return layers;
}

}  // namespace models
