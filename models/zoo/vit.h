#pragma once

#include <cstddef>
#include <vector>

#include "models/layers/build.h"

namespace models {

// A small vision transformer for images of 32x32: patches of 4x4 as tokens, learned positions, six
// blocks of attention (four heads) and a GELU MLP on 128 channels, each behind a layer
// normalisation. The classifier reads the mean of all tokens; there is no class token. Parameters
// are named as torchvision's vit_b_16 names its own, the positions "encoder.pos_embedding.weight".
// (Dosovitskiy et al. 2021.)
[[nodiscard]] std::vector<LayerSpec> vit_tiny(std::size_t classes);

}  // namespace models
