#pragma once

#include "models/layers/layer.h"

namespace models {

// max(x, 0), where no layer with a fused activation comes before it.
class Relu final : public Layer {
 public:
  explicit Relu(const ImageShape& input) : input_(input) {}

  [[nodiscard]] std::string description() const override { return "relu"; }
  [[nodiscard]] ImageShape output() const override { return input_; }
  [[nodiscard]] bool backward_in_place() const override { return true; }
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kNothing, .out = ReadsOut::kSigns};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  ImageShape input_;
};

}  // namespace models
