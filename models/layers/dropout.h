#pragma once

#include "models/layers/layer.h"

namespace models {

// In training each number is dropped with one probability and the others grow to make up for it;
// which ones follows from the pass's draw, so a pass taken again drops the same. Scored: nothing
// happens.
class Dropout final : public Layer {
 public:
  Dropout(const ImageShape& input, double probability) : input_(input), probability_(probability) {}

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override { return input_; }
  [[nodiscard]] bool draws() const override { return true; }
  [[nodiscard]] bool backward_in_place() const override { return true; }
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kNothing, .out = ReadsOut::kNothing};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  ImageShape input_;
  double probability_;
};

}  // namespace models
