#pragma once
// Of each channel, cuDNN says 1 / sqrt(variance + epsilon) where we say the variance.

#include <cstddef>

#include "kernels/cuda/device.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

// The variance is off by as much as the inverse: relative to variance + epsilon, which is all that
// anybody reads of it, at most by three times as much, and so not in channels that hardly vary.
void variances_of(Device& device, const BatchNormShape& shape, const float* inverses,
                  float* variances);
void inverses_of(Device& device, const BatchNormShape& shape, const float* variances,
                 float* inverses);

}  // namespace kernels::cuda
