#pragma once
// The fast backend for processors: oneDNN for products of matrices and convolutions, our own vector
// loops for the rest. Layers are f32 only; f64 there is a CHECK failure. bf16 is oneDNN's, but for
// convolutions that ours are faster for.

#include <cstddef>
#include <optional>

#include "kernels/backend.h"
#include "kernels/cpu/direct_conv.h"
#include "kernels/cpu/loops.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/row_parts.h"
#include "kernels/cpu/winograd.h"

namespace kernels::cpu {

class CpuBackend final : public Backend {
 public:
  // `threads`: how many oneDNN computes with, at least 1. Needs can_set_threads().
  explicit CpuBackend(std::size_t threads, Factors factors = Factors::kF32);

  [[nodiscard]] std::string_view name() const override;
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] Precision precision() const override;
  [[nodiscard]] bool takes_rounded() const override { return factors_ == Factors::kBf16; }
  void round(ConstView x, View rounded) override;
  void set_threads(std::size_t count) override;

  [[nodiscard]] Buffer allocate(std::size_t count, Scalar scalar) override;
  void upload(ConstView host, View device) override;
  void download(ConstView device, View host) override;
  void synchronize() override;
  [[nodiscard]] bool is_host() const override;

  void fill(double a, View x) override;
  void copy(ConstView x, View y) override;
  void scale(double a, View x) override;
  void axpy(double a, ConstView x, View y) override;
  void accumulate(double a, double b, View x, View y) override;
  void accumulate_squares(double a, double b, ConstView x, View y) override;
  void divide_by_root(double a, double epsilon, ConstView x, View y) override;
  void weighted_sum(double a, ConstView x, double b, ConstView y, View out) override;
  [[nodiscard]] double dot(ConstView x, ConstView y) override;

  void dense_forward(const DenseShape& shape, ConstView in, ConstView weight, ConstView bias,
                     View out) override;
  void dense_backward(const DenseShape& shape, const DenseSaved& saved,
                      const LayerGradients& gradients) override;
  void conv_forward(const ConvShape& shape, ConstView in, ConstView weight, ConstView bias,
                    View out) override;
  void conv_backward(const ConvShape& shape, const ConvSaved& saved,
                     const LayerGradients& gradients) override;
  void pool_forward(const PoolShape& shape, ConstView in, View out) override;
  void pool_backward(const PoolShape& shape, const PoolSaved& saved, ConstView d_out,
                     View d_in) override;
  void relu_forward(ConstView in, View out) override;
  void relu_backward(ConstView out, ConstView d_out, View d_in) override;
  void add(ConstView a, ConstView b, Activation activation, View out) override;
  void batchnorm_forward(const BatchNormShape& shape, const BatchNormInputs& inputs,
                         const BatchNormParameters& parameters, const BatchNormMoments& moments,
                         const BatchNormOutputs& outputs) override;
  void batchnorm_apply(const BatchNormShape& shape, const BatchNormInputs& inputs,
                       const BatchNormParameters& parameters, const BatchNormMoments& moments,
                       const BatchNormOutputs& outputs) override;
  void batchnorm_backward(const BatchNormShape& shape, const BatchNormSaved& saved,
                          const LayerGradients& gradients) override;
  void layernorm_forward(const LayerNormShape& shape, ConstView in,
                         const LayerNormParameters& parameters, View out) override;
  void layernorm_backward(const LayerNormShape& shape, const LayerNormSaved& saved,
                          const LayerGradients& gradients) override;
  void gelu_forward(ConstView in, View out) override;
  void gelu_backward(ConstView in, ConstView d_out, View d_in) override;
  void dropout(const DropoutMask& mask, ConstView key, ConstView in, View out) override;
  void crop(const CropShape& shape, ConstView table, ConstView picks, View out) override;
  void embedding_forward(const EmbeddingShape& shape, ConstView tokens, ConstView table,
                         View out) override;
  void embedding_backward(const EmbeddingShape& shape, ConstView tokens, ConstView d_out,
                          View d_table) override;
  void add_to_rows(const RowsShape& shape, ConstView in, ConstView row, View out) override;
  void sum_rows(const RowsShape& shape, ConstView in, View row) override;
  void attention_forward(const AttentionShape& shape, ConstView in, View out) override;
  void attention_backward(const AttentionShape& shape, ConstView in, ConstView d_out,
                          View d_in) override;
  void softmax_cross_entropy(const SoftmaxShape& shape, ConstView logits, ConstView labels,
                             const LossOutputs& outputs) override;

 private:
  void share_out(std::size_t count,
                 void (*action)(void* context, std::size_t first, std::size_t size),
                 void* context) override;

  // oneDNN, told how many threads: the setting belongs to the calling thread, which may be another
  // than the last time.
  [[nodiscard]] OneDnn& onednn();

  // For layers without a bias: zeros to add.
  [[nodiscard]] const float* bias_or_zeros(ConstView bias, std::size_t count);
  // d_bias, which may be empty, is the sum over all rows of the gradient, masked, before it is
  // rounded.
  void mask_and_sum(const Rows& rows, const OutputGradient& gradient, View d_bias);

  // Calls action(head, its two matrices of scores) for all heads of all samples, each on one
  // thread.
  template <typename Action>
  void for_heads(const AttentionShape& shape, Action action);

  [[nodiscard]] bool multiplies_ourselves() const { return factors_ != Factors::kF32LikeBf16; }
  [[nodiscard]] bool filters_minimally(const ConvShape& shape) const;
  // What our own convolutions multiply: weights themselves, or a copy, rounded; and images.
  [[nodiscard]] const float* weight_factor(ConstView weight);
  [[nodiscard]] ImageFactor image_factor(ConstView numbers) const;

  // What is made for so many threads.
  struct Team {
    Team(std::size_t threads, Factors factors, const LayerLoops& loops)
        : onednn(factors), direct(threads, loops), winograd(threads, loops), sums(threads) {}

    OneDnn onednn;
    DirectConv direct;
    Winograd winograd;
    RowSums sums;
  };

  std::size_t threads_;
  Factors factors_;
  const LayerLoops& loops_;
  std::optional<Team> team_;  // always one
  Buffer zeros_;
  Buffer rounded_weight_;
  Buffer rounded_gradient_;  // of a dense layer's output, as bf16
  Buffer scores_;            // of attention: two matrices a thread
};

}  // namespace kernels::cpu
