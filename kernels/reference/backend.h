#pragma once
// The definition of every operator: plain loops, one thread, f32 and f64. Sums of f32 accumulate in
// f64. bf16 as kernels/precision.h defines it, on every machine. Slow on purpose; the other
// backends answer to it.

#include "kernels/backend.h"

namespace kernels::reference {

class ReferenceBackend final : public Backend {
 public:
  explicit ReferenceBackend(Precision precision) : precision_(precision) {}

  [[nodiscard]] std::string_view name() const override;
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] Precision precision() const override { return precision_; }

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
  Precision precision_;
};

}  // namespace kernels::reference
