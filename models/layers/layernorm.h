#pragma once

#include "kernels/shapes.h"
#include "models/layers/layer.h"

namespace models {

// Normalises each pixel, or token, over its channels; the same in training and when scored. (Ba et
// al. 2016.)
class LayerNorm final : public Layer {
 public:
  explicit LayerNorm(const ImageShape& input) : input_(input) {}

  [[nodiscard]] std::string description() const override { return "layernorm"; }
  [[nodiscard]] ImageShape output() const override { return input_; }
  [[nodiscard]] std::vector<ParameterTensor> tensors() const override;
  [[nodiscard]] std::string_view stem() const override { return "ln"; }
  void initialise(runtime::Random& random, std::span<float> parameters) const override;
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kAll, .out = ReadsOut::kNothing};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  [[nodiscard]] kernels::LayerNormShape shape(std::size_t batch) const;

  ImageShape input_;
};

}  // namespace models
