#pragma once

#include "models/layers/layer.h"

namespace models {

// x times the share of a normal distribution that lies below x: the exact form.
class Gelu final : public Layer {
 public:
  explicit Gelu(const ImageShape& input) : input_(input) {}

  [[nodiscard]] std::string description() const override { return "gelu"; }
  [[nodiscard]] ImageShape output() const override { return input_; }
  [[nodiscard]] bool backward_in_place() const override { return true; }
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kAll, .out = ReadsOut::kNothing};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override {
    backend.gelu_forward(views.in, views.out);
  }
  void backward(kernels::Backend& backend, const BackwardViews& views) const override {
    if (!views.d_in.empty()) backend.gelu_backward(views.in, views.d_out, views.d_in);
  }

 private:
  ImageShape input_;
};

}  // namespace models
