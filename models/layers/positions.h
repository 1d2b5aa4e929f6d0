#pragma once

#include "kernels/shapes.h"
#include "models/layers/layer.h"

namespace models {

// Adds to each pixel, or token, what is learned for its place: attention alone sees no order.
class Positions final : public Layer {
 public:
  explicit Positions(const ImageShape& input) : input_(input) {}

  [[nodiscard]] std::string description() const override { return "positions"; }
  [[nodiscard]] ImageShape output() const override { return input_; }
  [[nodiscard]] std::vector<ParameterTensor> tensors() const override;
  [[nodiscard]] std::string_view stem() const override { return "positions"; }
  void initialise(runtime::Random& random, std::span<float> parameters) const override;
  [[nodiscard]] bool backward_in_place() const override { return true; }
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kNothing, .out = ReadsOut::kNothing};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  ImageShape input_;
};

}  // namespace models
