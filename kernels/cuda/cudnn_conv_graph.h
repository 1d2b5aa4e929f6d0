#pragma once
// A convolution as a graph of cuDNN's operations: alone, or forward with its bias and ReLU after
// it. (cuDNN documentation, "Graph API Example with Operation Fusion".)

#include <cstdint>
#include <vector>

#include "kernels/cuda/conv_key.h"
#include "kernels/cuda/cudnn_descriptor.h"

namespace kernels::cuda {

// What the tensors are called when a plan is run. A gradient goes by the name of what it is the
// gradient of.
inline constexpr std::int64_t kInId = 1;
inline constexpr std::int64_t kWeightId = 2;
inline constexpr std::int64_t kOutId = 3;
inline constexpr std::int64_t kBiasId = 4;

// Factors are f32 or, of that precision, bf16; results are f32, and so is what is computed in. The
// last one is the graph; cuDNN may look at the others until a plan of it is finalized.
[[nodiscard]] runtime::Result<std::vector<Descriptor>> graph_of(cudnnHandle_t handle,
                                                                const ConvKey& key);

}  // namespace kernels::cuda
