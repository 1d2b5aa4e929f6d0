#pragma once
// Of each channel, cuDNN says 1 / sqrt(variance + epsilon) where we say the variance.

#include <cstddef>

#include "kernels/cuda/device.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

// Relative to variance + epsilon, which is what is read of it, a variance is off by twice as much
// as the inverse and a few roundings; relative to itself by more in a channel that hardly varies.
void variances_of(Device& device, const BatchNormShape& shape, const float* inverses,
                  float* variances);
void inverses_of(Device& device, const BatchNormShape& shape, const float* variances,
                 float* inverses);

}  // namespace kernels::cuda
