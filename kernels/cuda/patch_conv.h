#pragma once
// Convolutions without cuDNN. One is a product of matrices once every output pixel's patch of the
// input is laid out as a row: out (pixels x out_channels) = patches (pixels x patch) weight^T.
// Groups take turns, each with its own channels of the images. Uses the scratch memory.

#include "kernels/cuda/conv_operands.h"
#include "kernels/cuda/device.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

// The products alone: neither bias nor activation.
void multiply_patches(Device& device, const ConvShape& shape, const ConvForward& pass);

// At least one gradient is wanted.
void multiply_patches_backward(Device& device, const ConvShape& shape, const ConvBackward& pass);

}  // namespace kernels::cuda
