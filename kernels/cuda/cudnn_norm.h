#pragma once
// Batch normalisation by cuDNN, forward in one with the sum and the ReLU that follow, in f32 and
// where cuDNN has an engine for it that repeats itself to the bit. In a build without cuDNN
// (no_cudnn.cc) it never has.

#include <memory>

#include "kernels/cuda/device.h"
#include "kernels/cuda/norm_operands.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

// Everything is queued on the device's stream. What it finds out about a shape it keeps: later
// calls of that shape allocate no memory of the device. A shape that cuDNN has no engine for is
// said once on standard error. One thread at a time; always the same device, whose queue must be
// empty when this goes.
class CudnnNorm {
 public:
  CudnnNorm();
  ~CudnnNorm();
  CudnnNorm(const CudnnNorm&) = delete;
  CudnnNorm& operator=(const CudnnNorm&) = delete;

  // False where everything written is left for others to write.
  [[nodiscard]] bool forward(Device& device, const BatchNormShape& shape, const NormForward& pass);
  // The same; false, too, where d_in is d_out.
  [[nodiscard]] bool backward(Device& device, const BatchNormShape& shape,
                              const NormBackward& pass);
  // Memory for a d_out whose own place d_in is to take, until the next pass; null where that is not
  // for cuDNN to write.
  [[nodiscard]] float* room_beside(Device& device, const BatchNormShape& shape);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kernels::cuda
