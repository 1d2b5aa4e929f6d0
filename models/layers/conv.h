#pragma once

#include <utility>

#include "kernels/shapes.h"
#include "models/layers/layer.h"

namespace models {

// 2-D convolution, with a bias where told, and a ReLU where the shape's activation says so.
class Conv final : public Layer {
 public:
  // The shape's batch is ignored: each call brings one. Without a bias a normalisation follows, and
  // the weights start as that wants them.
  Conv(const kernels::ConvShape& shape, bool has_bias);

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override;
  [[nodiscard]] std::vector<ParameterTensor> tensors() const override;
  [[nodiscard]] std::string_view stem() const override { return "conv"; }
  void initialise(runtime::Random& random, std::span<float> parameters) const override;
  [[nodiscard]] std::size_t multiplications() const override;
  [[nodiscard]] Roundable roundable() const override {
    const bool only_factor = !has_bias_ && shape_.activation == kernels::Activation::kNone;
    return {.in = true, .d_out = only_factor, .results = false};
  }
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kForWeights, .out = reads_for(shape_.activation)};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  [[nodiscard]] kernels::ConvShape with_batch(std::size_t batch) const;

  // Views of weight and bias, the latter empty where there is none.
  template <typename View>
  [[nodiscard]] std::pair<View, View> split(View parameters) const;

  kernels::ConvShape shape_;
  bool has_bias_;
};

}  // namespace models
