#pragma once
// Numbers where cuDNN can take them. Parameters lie anywhere in one vector, and cuDNN is told that
// addresses are multiples of kAlignmentBytes (kernels/cuda/cudnn_parts.h): what does not suit lies
// in a room of the device's instead.

#include <cstddef>

#include "kernels/cuda/device.h"

namespace kernels::cuda {

// Numbers that cuDNN reads: `from`, or a copy. cuDNN's addresses are all of one type.
[[nodiscard]] void* numbers(Device& device, CudnnRoom room, const float* from, std::size_t count);

// Where cuDNN writes what belongs at `to`; bring() brings it there.
[[nodiscard]] void* room_for(Device& device, CudnnRoom room, float* to, std::size_t count);
void bring(Device& device, std::size_t count, const void* from, float* to);

}  // namespace kernels::cuda
