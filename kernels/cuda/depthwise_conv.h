#pragma once
// Convolutions of one channel each. Such a one reads as many numbers as it multiplies, so that it
// is as fast as memory: no product of matrices, and not cuDNN's either, which has none of them in
// bf16 (9.19) and before 9.24 could get those wrong that follow one of another image size (its
// release notes).

#include "kernels/cuda/conv_operands.h"
#include "kernels/cuda/device.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

// Whether every kernel sees one channel of several.
[[nodiscard]] inline bool is_depthwise(const ConvShape& shape) {
  return shape.groups > 1 && shape.groups == shape.in_channels;
}

// Of such shapes. Factors are rounded to the device's precision; neither bias nor activation.
void convolve_channels(Device& device, const ConvShape& shape, const ConvForward& pass);

// At least one gradient is wanted. The weights' is summed in an order that only the shape decides,
// in the scratch memory.
void convolve_channels_backward(Device& device, const ConvShape& shape, const ConvBackward& pass);

}  // namespace kernels::cuda
