#pragma once

#include <vector>

#include "models/layers/build.h"

namespace models {

// LeNet-5 (LeCun et al. 1998) as it is written today: ReLU and max pooling, full connections, and a
// padded first convolution so that 28x28 images fit.
[[nodiscard]] std::vector<LayerSpec> lenet5(std::size_t classes);

}  // namespace models
