#pragma once

#include "kernels/shapes.h"
#include "models/layers/layer.h"

namespace models {

// Every output sees every element of the input, which is flattened first; with bias, and a ReLU
// where the activation says so.
class Dense final : public Layer {
 public:
  Dense(const ImageShape& input, std::size_t outputs, kernels::Activation activation);

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override;
  [[nodiscard]] std::vector<ParameterTensor> tensors() const override;
  [[nodiscard]] std::string_view stem() const override { return "fc"; }
  void initialise(runtime::Random& random, std::span<float> parameters) const override;
  [[nodiscard]] std::size_t multiplications() const override;
  [[nodiscard]] Roundable roundable() const override {
    return {.in = true, .d_out = false, .results = true};
  }
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kForWeights, .out = reads_for(activation_)};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  [[nodiscard]] kernels::DenseShape shape(std::size_t batch) const;

  ImageShape input_;
  std::size_t outputs_;
  kernels::Activation activation_;
};

}  // namespace models
