#pragma once
// What the passes of a convolution read and write: f32 on the device, laid out as in
// kernels/shapes.h.

namespace kernels::cuda {

struct ConvForward {
  const float* in = nullptr;
  const float* weight = nullptr;
  const float* bias = nullptr;  // null: none
  float* out = nullptr;
};

struct ConvBackward {
  const float* in = nullptr;
  const float* weight = nullptr;
  const float* d_out = nullptr;  // masked by the activation
  float* d_weight = nullptr;     // null: not wanted
  float* d_in = nullptr;         // null: not wanted
};

}  // namespace kernels::cuda
