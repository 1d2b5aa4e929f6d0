#pragma once

#include "kernels/shapes.h"
#include "models/layers/build.h"
#include "models/layers/layer.h"

namespace models {

// A dense layer over each pixel's channels, or each token's: height and width stay.
class Linear final : public Layer {
 public:
  Linear(const ImageShape& input, LinearSpec spec, kernels::Activation activation);

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override;
  [[nodiscard]] std::vector<ParameterTensor> tensors() const override;
  [[nodiscard]] std::string_view stem() const override { return "linear"; }
  void initialise(runtime::Random& random, std::span<float> parameters) const override;
  [[nodiscard]] std::size_t multiplications() const override;
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kForWeights, .out = reads_for(activation_)};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  [[nodiscard]] kernels::DenseShape shape(std::size_t batch) const;
  [[nodiscard]] std::size_t bias_count() const { return spec_.bias ? spec_.outputs : 0; }

  ImageShape input_;
  LinearSpec spec_;
  kernels::Activation activation_;
};

}  // namespace models
