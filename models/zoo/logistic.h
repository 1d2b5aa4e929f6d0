#pragma once

#include <vector>

#include "models/layers/build.h"

namespace models {

// Multinomial logistic regression: one dense layer.
[[nodiscard]] std::vector<LayerSpec> logistic(std::size_t classes);

}  // namespace models
