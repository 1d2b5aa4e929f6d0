#pragma once

#include "kernels/shapes.h"
#include "models/layers/build.h"
#include "models/layers/layer.h"

namespace models {

// What attention computes between its two linear layers: from each token's queries, keys and values
// (a third of the channels each), what it takes in of the others. Learns nothing.
class Heads final : public Layer {
 public:
  Heads(const ImageShape& input, const HeadsSpec& spec) : input_(input), spec_(spec) {}

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override;
  [[nodiscard]] std::size_t multiplications() const override;
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kAll, .out = ReadsOut::kNothing};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  [[nodiscard]] kernels::AttentionShape shape(std::size_t batch) const;

  ImageShape input_;
  HeadsSpec spec_;
};

}  // namespace models
