#pragma once

#include "models/layers/layer.h"

namespace models {

// Batch normalisation of an image's channels, then where told the sum with a residual block's
// shortcut, and a ReLU where told. Trains on the moments of its batch and scores by running ones,
// which move a tenth of the way with every batch, as PyTorch's. (Ioffe & Szegedy 2015, He et al.
// 2016.) The sum is part of it because memory is what a step waits for: by itself it would write
// and read all of these images once more in either direction.
class BatchNorm final : public Layer {
 public:
  BatchNorm(const ImageShape& input, kernels::Activation activation, bool has_shortcut);

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override { return input_; }
  [[nodiscard]] std::vector<ParameterTensor> tensors() const override;
  [[nodiscard]] std::string_view stem() const override { return "bn"; }
  void initialise(runtime::Random& random, std::span<float> parameters) const override;
  [[nodiscard]] std::vector<ParameterTensor> statistics() const override;
  void initialise_statistics(std::span<float> statistics) const override;
  void move_statistics(kernels::Backend& backend, std::size_t batch, kernels::ConstView saved,
                       kernels::ConstView statistics, kernels::View delta) const override;
  [[nodiscard]] std::size_t saved_count() const override { return 2 * input_.channels; }
  [[nodiscard]] Roundable roundable() const override {
    return {.in = false, .d_out = false, .results = true};
  }
  [[nodiscard]] BackwardReads backward_reads() const override {
    return {.in = ReadsIn::kAll, .out = reads_for(activation_)};
  }
  [[nodiscard]] bool backward_in_place() const override { return !has_shortcut_; }
  [[nodiscard]] bool shortcut_in_place() const override { return has_shortcut_; }
  [[nodiscard]] bool adds_gradients() const override { return true; }
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  [[nodiscard]] kernels::BatchNormShape shape(std::size_t batch) const;

  ImageShape input_;
  kernels::Activation activation_;
  bool has_shortcut_;
};

}  // namespace models
