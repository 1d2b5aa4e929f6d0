#pragma once

#include <vector>

#include "models/layers/build.h"

namespace models {

// A multilayer perceptron with two hidden layers, 512 and 256; input of any size.
[[nodiscard]] std::vector<LayerSpec> mlp(std::size_t classes);

}  // namespace models
