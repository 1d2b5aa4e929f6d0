#pragma once

#include <cstddef>
#include <vector>

#include "models/layers/build.h"

namespace models {

// Plain convolutional networks with batch normalisation, for images of at least 32x32; the
// convolutions and normalisations are named as torchvision's vgg11_bn and vgg16_bn name theirs, the
// classifier is one dense layer. (Simonyan & Zisserman 2015.)
[[nodiscard]] std::vector<LayerSpec> vgg11(std::size_t classes);
[[nodiscard]] std::vector<LayerSpec> vgg16(std::size_t classes);

}  // namespace models
