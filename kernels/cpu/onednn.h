#pragma once
// oneDNN behind six functions: the only file that names it is this header's body. f32, images
// channels-last, weights as in kernels/shapes.h. A call's primitive is made at the first use of its
// shape and kept, with room for the weights in the order that oneDNN likes; later calls of that
// shape allocate nothing here. One thread at a time.

#include <memory>

#include "kernels/shapes.h"

namespace kernels::cpu {

class OneDnn {
 public:
  OneDnn();
  ~OneDnn();
  OneDnn(const OneDnn&) = delete;
  OneDnn& operator=(const OneDnn&) = delete;

  // out = activation(in weight^T + bias)
  void dense_forward(const DenseShape& shape, const float* in, const float* weight,
                     const float* bias, float* out);
  void dense_backward_data(const DenseShape& shape, const float* weight, const float* d_out,
                           float* d_in);
  void dense_backward_weight(const DenseShape& shape, const float* in, const float* d_out,
                             float* d_weight);

  void conv_forward(const ConvShape& shape, const float* in, const float* weight, const float* bias,
                    float* out);
  void conv_backward_data(const ConvShape& shape, const float* weight, const float* d_out,
                          float* d_in);
  void conv_backward_weight(const ConvShape& shape, const float* in, const float* d_out,
                            float* d_weight);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kernels::cpu
