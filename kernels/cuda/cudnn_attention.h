#pragma once
// Attention by cuDNN, all of it in one kernel, where the device's precision is bf16 and cuDNN has
// an engine for it that repeats itself to the bit. In a build without cuDNN (no_cudnn.cc) it never
// has.

#include <memory>

#include "kernels/cuda/device.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

// Numbers are the device's, f32 and as in kernels/shapes.h. Everything is queued on the device's
// stream. What it finds out about a shape it keeps: later calls of that shape allocate no memory of
// the device. A shape that cuDNN has no engine for is said once on standard error. One thread at a
// time; always the same device, whose queue must be empty when this goes.
class CudnnAttention {
 public:
  CudnnAttention();
  ~CudnnAttention();
  CudnnAttention(const CudnnAttention&) = delete;
  CudnnAttention& operator=(const CudnnAttention&) = delete;

  // False where `out` is left for others to write.
  [[nodiscard]] bool forward(Device& device, const AttentionShape& shape, const float* in,
                             float* out);
  // Makes the forward pass again, which saves no more than what went in. False where `d_in` is left
  // for others to write.
  [[nodiscard]] bool backward(Device& device, const AttentionShape& shape, const float* in,
                              const float* d_out, float* d_in);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kernels::cuda
