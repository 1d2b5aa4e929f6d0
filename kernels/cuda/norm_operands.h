#pragma once
// What the passes of a batch normalisation read and write: f32 on the device, laid out as in
// kernels/shapes.h.

namespace kernels::cuda {

struct NormForward {
  const float* in = nullptr;
  const float* added = nullptr;  // null: nothing
  const float* scale = nullptr;
  const float* shift = nullptr;
  float* mean = nullptr;
  float* variance = nullptr;
  float* out = nullptr;
};

struct NormBackward {
  const float* in = nullptr;
  const float* scale = nullptr;
  const float* mean = nullptr;
  const float* variance = nullptr;
  const float* d_out = nullptr;  // masked by the activation
  float* d_in = nullptr;
  float* d_scale = nullptr;
  float* d_shift = nullptr;
};

}  // namespace kernels::cuda
