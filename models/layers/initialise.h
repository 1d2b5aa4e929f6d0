#pragma once
// What weights start from. Same random numbers, same bits, on every machine.

#include <cmath>
#include <cstddef>
#include <span>

#include "runtime/random.h"

namespace models {

// Uniform in +-1/sqrt(fan_in), as PyTorch's layers start; fan_in: inputs of one output.
inline void initialise_uniform(runtime::Random& random, std::size_t fan_in,
                               std::span<float> parameters) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  for (float& value : parameters) value = static_cast<float>(random.uniform(-bound, bound));
}

// Normal with variance 2/fan_out: what keeps gradients alive through many ReLUs (He et al. 2015).
// fan_out: outputs that one input reaches.
inline void initialise_kaiming(runtime::Random& random, std::size_t fan_out,
                               std::span<float> weights) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_out));
  for (float& value : weights) value = static_cast<float>(deviation * random.normal());
}

// Normal around zero.
inline void initialise_normal(runtime::Random& random, double deviation, std::span<float> weights) {
  for (float& value : weights) value = static_cast<float>(deviation * random.normal());
}

}  // namespace models
