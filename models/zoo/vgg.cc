#include "models/zoo/vgg.h"

#include <fmt/format.h>

#include <initializer_list>

namespace models {
namespace {

constexpr std::size_t kPool = 0;  // in a list of channels

std::vector<LayerSpec> vgg(std::initializer_list<std::size_t> channels, std::size_t classes) {
  std::vector<LayerSpec> layers;
  std::size_t place = 0;  // in torchvision's list, where a ReLU has one too
  const auto name = [&place] { return fmt::format("features.{}", place++); };
  for (const std::size_t count : channels) {
    if (count == kPool) {
      layers.emplace_back(PoolSpec{});
      ++place;
      continue;
    }
    layers.push_back(
        LayerSpec(ConvSpec{.channels = count, .kernel = 3, .padding = 1}).named(name()));
    layers.push_back(LayerSpec(BatchNormSpec{}).named(name()));
    layers.emplace_back(ReluSpec{});
    ++place;
  }
  layers.emplace_back(GlobalPoolSpec{});
  layers.push_back(LayerSpec(DenseSpec{classes}).named("classifier"));
  return layers;
}

}  // namespace

std::vector<LayerSpec> vgg11(std::size_t classes) {
  return vgg({64, kPool, 128, kPool, 256, 256, kPool, 512, 512, kPool, 512, 512, kPool}, classes);
}

std::vector<LayerSpec> vgg16(std::size_t classes) {
  return vgg({64, 64, kPool, 128, 128, kPool, 256, 256, 256, kPool, 512, 512, 512, kPool, 512, 512,
              512, kPool},
             classes);
}

}  // namespace models
