#pragma once

#include <cstddef>
#include <vector>

#include "models/layers/build.h"

namespace models {

// Residual networks for small images, with a stem of one 3x3 convolution and names of parameters as
// torchvision has them. Shortcuts that change the shape are 1x1 convolutions. (He et al. 2016.)
[[nodiscard]] std::vector<LayerSpec> resnet20(std::size_t classes);  // 16, 32, 64 channels
[[nodiscard]] std::vector<LayerSpec> resnet18(std::size_t classes);  // 64 ... 512 channels
[[nodiscard]] std::vector<LayerSpec> resnet50(std::size_t classes);  // of bottlenecks, 256 ... 2048

}  // namespace models
