#pragma once

#include "models/layers/layer.h"

namespace models {

// The sum of a residual block's body and its shortcut, and a ReLU where told. (He et al. 2016.)
class Sum final : public Layer {
 public:
  Sum(const ImageShape& input, kernels::Activation activation)
      : input_(input), activation_(activation) {}

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override { return input_; }
  [[nodiscard]] bool backward_in_place() const override { return true; }
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kNothing, .out = reads_for(activation_)};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  ImageShape input_;
  kernels::Activation activation_;
};

}  // namespace models
