#include "models/zoo/resnet.h"

#include <fmt/format.h>

#include <initializer_list>

namespace models {
namespace {

ConvSpec conv(std::size_t channels, std::size_t kernel, std::size_t stride = 1) {
  return {.channels = channels,
          .kernel = kernel,
          .stride = stride,
          .padding = kernel / 2,
          .bias = false};
}

std::vector<LayerSpec> basic_block(std::size_t channels, std::size_t stride) {
  return {conv(channels, 3, stride), BatchNormSpec{}, ReluSpec{}, conv(channels, 3),
          BatchNormSpec{}};
}

std::vector<LayerSpec> bottleneck(std::size_t channels, std::size_t stride) {
  return {conv(channels, 1),         BatchNormSpec{}, ReluSpec{},
          conv(channels, 3, stride), BatchNormSpec{}, ReluSpec{},
          conv(4 * channels, 1),     BatchNormSpec{}};
}

struct Plan {
  std::size_t channels;  // of the first stage; each next has twice as many, at half the size
  std::initializer_list<std::size_t> blocks;  // of each stage
  bool bottlenecks = false;
};

std::vector<LayerSpec> resnet(const Plan& plan, std::size_t classes) {
  std::vector<LayerSpec> layers{conv(plan.channels, 3), BatchNormSpec{}, ReluSpec{}};
  std::size_t channels = plan.channels;
  std::size_t before = plan.channels;
  std::size_t stage = 1;
  for (const std::size_t blocks : plan.blocks) {
    const std::size_t after = plan.bottlenecks ? 4 * channels : channels;
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::size_t stride = stage > 1 && block == 0 ? 2 : 1;
      ResidualSpec residual{
          .body = plan.bottlenecks ? bottleneck(channels, stride) : basic_block(channels, stride),
          .shortcut = {}};
      if (stride != 1 || before != after)
        residual.shortcut = {conv(after, 1, stride), BatchNormSpec{}};
      layers.push_back(
          LayerSpec(std::move(residual)).named(fmt::format("layer{}.{}", stage, block)));
      layers.emplace_back(ReluSpec{});
      before = after;
    }
    channels *= 2;
    ++stage;
  }
  layers.emplace_back(GlobalPoolSpec{});
  layers.push_back(LayerSpec(DenseSpec{classes}).named("fc"));
  return layers;
}

}  // namespace

std::vector<LayerSpec> resnet20(std::size_t classes) {
  return resnet({.channels = 16, .blocks = {3, 3, 3}}, classes);
}

std::vector<LayerSpec> resnet18(std::size_t classes) {
  return resnet({.channels = 64, .blocks = {2, 2, 2, 2}}, classes);
}

std::vector<LayerSpec> resnet50(std::size_t classes) {
  return resnet({.channels = 64, .blocks = {3, 4, 6, 3}, .bottlenecks = true}, classes);
}

}  // namespace models
