#pragma once
// Batch normalisation as a graph of cuDNN's operations that it has engines for as a whole, in f32:
// forward with the sum and the ReLU that follow it, backward alone. Of a ReLU's gradient cuDNN 9.19
// has an engine where the forward pass kept a mask of its own, none that reads what it wrote.

#include <cstdint>
#include <vector>

#include "kernels/cuda/cudnn_descriptor.h"
#include "kernels/cuda/norm_key.h"

namespace kernels::cuda {

// What the tensors are called when a plan is run. Those of channels have one number a channel.
struct NormId {
  static constexpr std::int64_t kIn = 1;
  static constexpr std::int64_t kMean = 2;     // of channels; forward writes it, and the next
  static constexpr std::int64_t kInverse = 3;  // of channels: 1 / sqrt(variance + epsilon)
  static constexpr std::int64_t kScale = 4;    // of channels
  // Forward alone:
  static constexpr std::int64_t kShift = 5;  // of channels
  static constexpr std::int64_t kAdded = 6;  // where the key adds
  static constexpr std::int64_t kOut = 7;
  static constexpr std::int64_t kEpsilon = 8;  // by value
  // Backward alone:
  static constexpr std::int64_t kDOut = 9;
  static constexpr std::int64_t kDIn = 10;
  static constexpr std::int64_t kDScale = 11;  // of channels
  static constexpr std::int64_t kDShift = 12;  // of channels
  static constexpr std::int64_t kFirstUnused = 13;
};

[[nodiscard]] runtime::Result<std::vector<Descriptor>> graph_of(cudnnHandle_t handle,
                                                                const NormKey& key);

}  // namespace kernels::cuda
