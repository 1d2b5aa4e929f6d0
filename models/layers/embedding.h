#pragma once

#include "kernels/shapes.h"
#include "models/layers/build.h"
#include "models/layers/layer.h"

namespace models {

// Each token's row of a table that is learned. The samples are the tokens' numbers.
class Embedding final : public Layer {
 public:
  Embedding(const ImageShape& input, const EmbeddingSpec& spec) : input_(input), spec_(spec) {}

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override;
  [[nodiscard]] std::vector<ParameterTensor> tensors() const override;
  [[nodiscard]] std::string_view stem() const override { return "embedding"; }
  void initialise(runtime::Random& random, std::span<float> parameters) const override;
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kAll, .out = ReadsOut::kNothing};
  }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  [[nodiscard]] kernels::EmbeddingShape shape(std::size_t batch) const;

  ImageShape input_;
  EmbeddingSpec spec_;
};

}  // namespace models
