#pragma once
// Whether a device can run this build's kernels at all.

#include <cuda_runtime.h>

namespace kernels::cuda {

// Runs a kernel that does nothing on the current device and waits for it.
// cudaErrorNoKernelImageForDevice: the module was built for other architectures
// (MURMUR_CUDA_ARCHITECTURES).
[[nodiscard]] cudaError_t run_first_kernel(cudaStream_t stream);

}  // namespace kernels::cuda
