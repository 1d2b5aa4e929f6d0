#pragma once
// The backend of NVIDIA GPUs: cuDNN for convolutions that are not depthwise, batch normalisation
// and, in bf16, attention, where the build has it and it has an engine for them, cuBLASLt for other
// products of layers, cuBLAS for those it has no kernel for, our own kernels for the rest. The
// contract is kernels/backend.h; f32 products are full f32; tf32 and bf16 ones
// (kernels/precision.h) from compute capability 8.0. What is by cuDNN or cuBLASLt has been compiled
// and linked, never run.

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kernels/backend.h"
#include "kernels/cuda/copies.h"
#include "kernels/cuda/cudnn_attention.h"
#include "kernels/cuda/cudnn_conv.h"
#include "kernels/cuda/cudnn_norm.h"
#include "kernels/cuda/device.h"

namespace kernels::cuda {

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(Device device) : device_(std::move(device)) {}
  ~CudaBackend() override;  // waits for what is queued

  [[nodiscard]] std::string_view name() const override { return device_.name(); }
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] Precision precision() const override { return device_.precision(); }

  [[nodiscard]] Buffer allocate(std::size_t count, Scalar scalar) override;
  void upload(ConstView host, View device) override;
  void download(ConstView device, View host) override;
  [[nodiscard]] std::unique_ptr<Copy> copy_out(ConstView device, View host) override {
    return copies_.out(device, host);
  }
  [[nodiscard]] std::unique_ptr<Copy> copy_in(ConstView host, View device) override {
    return copies_.in(host, device);
  }
  [[nodiscard]] HostBytes host_memory(std::size_t bytes) override {
    return Copies::host_memory(device_, bytes);
  }
  void synchronize() override { device_.synchronize(); }
  [[nodiscard]] bool is_host() const override { return false; }
  [[nodiscard]] std::size_t free_bytes() const override;

  void fill(double a, View x) override;
  void copy(ConstView x, View y) override;
  void scale(double a, View x) override;
  void axpy(double a, ConstView x, View y) override;
  void accumulate(double a, double b, View x, View y) override;
  void accumulate_squares(double a, double b, ConstView x, View y) override;
  void divide_by_root(double a, double epsilon, ConstView x, View y) override;
  void weighted_sum(double a, ConstView x, double b, ConstView y, View out) override;
  [[nodiscard]] double dot(ConstView x, ConstView y) override;

  [[nodiscard]] bool has_cells() const override { return true; }
  void to_cells(const cells::Coding& coding, ConstView x, View payload) override;
  void from_cells(const cells::Coding& coding, ConstView payload, View x) override;

  [[nodiscard]] bool has_sketches() const override { return true; }
  void add_to_sketch(const SketchShape& shape, double scale, ConstView x, View sums) override;

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
  [[nodiscard]] std::unique_ptr<Recording> recorded(void (*action)(void* context),
                                                    void* context) override;

  Device device_;
  Copies copies_{device_};
  CudnnConv cudnn_;
  CudnnAttention cudnn_attention_;
  CudnnNorm cudnn_norm_;
};

}  // namespace kernels::cuda
