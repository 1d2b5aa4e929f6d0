#pragma once

#include "kernels/shapes.h"
#include "models/layers/layer.h"

namespace models {

// 2-D convolution with bias, and a ReLU where the shape's activation says so.
class Conv final : public Layer {
 public:
  explicit Conv(const kernels::ConvShape& shape);  // its batch is ignored: each call brings one

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override;
  [[nodiscard]] std::vector<ParameterTensor> tensors() const override;
  [[nodiscard]] std::string_view stem() const override { return "conv"; }
  [[nodiscard]] std::size_t fan_in() const override;
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  [[nodiscard]] kernels::ConvShape with_batch(std::size_t batch) const;

  kernels::ConvShape shape_;
};

}  // namespace models
