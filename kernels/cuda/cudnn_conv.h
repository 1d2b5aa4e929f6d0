#pragma once
// Convolutions by cuDNN, where it has an engine that computes what kernels/precision.h promises:
// f32, or tf32 or bf16 factors with f32 sums and results, the same bits every time. In a build
// without cuDNN (no_cudnn.cc) it never has.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernels/cuda/conv_operands.h"
#include "kernels/cuda/device.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

// How much of a forward pass has been queued.
enum class ConvDone : std::uint8_t { kNothing, kProducts, kAll };  // kProducts: no bias, no ReLU

struct ConvBackwardDone {
  bool d_weight = false;
  bool d_in = false;
};

// Everything is queued on the device's stream. What it finds out about a shape it keeps: later
// calls of that shape allocate no memory of the device. A shape that cuDNN has no engine for is
// said once on standard error. One thread at a time; always the same device, whose queue must be
// empty when this goes.
class CudnnConv {
 public:
  CudnnConv();
  ~CudnnConv();
  CudnnConv(const CudnnConv&) = delete;
  CudnnConv& operator=(const CudnnConv&) = delete;

  [[nodiscard]] ConvDone forward(Device& device, const ConvShape& shape, const ConvForward& pass);
  [[nodiscard]] ConvBackwardDone backward(Device& device, const ConvShape& shape,
                                          const ConvBackward& pass);

  // How many convolutions, forward and backward each one, it had no engine for so far.
  [[nodiscard]] std::size_t without_engine() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kernels::cuda
