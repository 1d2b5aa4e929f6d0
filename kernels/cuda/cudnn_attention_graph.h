#pragma once
// Attention as graphs of cuDNN's operations that it has engines for as a whole: flash attention,
// whose scores lie in no memory. cuDNN 9.19 has it as one operation as well, which takes no causal
// mask. (cuDNN documentation, "Specialized Runtime Fusion Engines".)

#include <cstdint>
#include <vector>

#include "kernels/cuda/attention_key.h"
#include "kernels/cuda/cudnn_descriptor.h"

namespace kernels::cuda {

// What the tensors are called when a plan is run.
struct AttentionId {
  static constexpr std::int64_t kQueries = 1;
  static constexpr std::int64_t kKeys = 2;
  static constexpr std::int64_t kValues = 3;
  static constexpr std::int64_t kOut = 4;
  static constexpr std::int64_t kStats = 5;  // of each row of scores log(sum of exp), f32
  // Backward alone:
  static constexpr std::int64_t kDOut = 6;
  static constexpr std::int64_t kDQueries = 7;
  static constexpr std::int64_t kDKeys = 8;
  static constexpr std::int64_t kDValues = 9;
  static constexpr std::int64_t kSums = 10;  // of each row of d_out out, f32; room, nothing else
  static constexpr std::int64_t kOne = 11;   // by value, and so the rest
  // Both again:
  static constexpr std::int64_t kScale = 12;
  static constexpr std::int64_t kMinusInfinity = 13;  // where attention is causal
};

// All that has channels is bf16, in memory and as a factor, and so are shares of attention as
// factors; the rest is f32. Forward writes the output and the statistics, which backward reads. The
// last one is the graph; cuDNN may look at the others until a plan of it is finalized.
[[nodiscard]] runtime::Result<std::vector<Descriptor>> graph_of(cudnnHandle_t handle,
                                                                const AttentionKey& key);

}  // namespace kernels::cuda
