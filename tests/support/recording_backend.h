#pragma once
// A device that records, for tests without one: the reference, whose calls are kept while they are
// recorded and made when the recording is queued.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/far_backend.h"

namespace test {

class RecordingBackend final : public FarBackend {
  using Backend = kernels::Backend;
  using ConstView = kernels::ConstView;
  using View = kernels::View;

 public:
  [[nodiscard]] std::size_t recorded_count() const { return recorded_; }
  [[nodiscard]] std::size_t queued_count() const { return queued_; }
  [[nodiscard]] std::size_t cropped_count() const { return cropped_; }
  [[nodiscard]] std::size_t free_bytes() const override { return free_bytes_; }
  void set_free_bytes(std::size_t bytes) { free_bytes_ = bytes; }
  // As if memory that the device works in had moved: no recording so far is any good.
  void move_memory() { ++memory_; }

  void fill(double a, View x) override { make(&Backend::fill, a, x); }
  void copy(ConstView x, View y) override { make(&Backend::copy, x, y); }
  void scale(double a, View x) override { make(&Backend::scale, a, x); }
  void axpy(double a, ConstView x, View y) override { make(&Backend::axpy, a, x, y); }
  void weighted_sum(double a, ConstView x, double b, ConstView y, View out) override {
    make(&Backend::weighted_sum, a, x, b, y, out);
  }

  void dense_forward(const kernels::DenseShape& shape, ConstView in, ConstView weight,
                     ConstView bias, View out) override {
    make(&Backend::dense_forward, shape, in, weight, bias, out);
  }
  void dense_backward(const kernels::DenseShape& shape, const kernels::DenseSaved& saved,
                      const kernels::LayerGradients& gradients) override {
    make(&Backend::dense_backward, shape, saved, gradients);
  }
  void conv_forward(const kernels::ConvShape& shape, ConstView in, ConstView weight, ConstView bias,
                    View out) override {
    make(&Backend::conv_forward, shape, in, weight, bias, out);
  }
  void conv_backward(const kernels::ConvShape& shape, const kernels::ConvSaved& saved,
                     const kernels::LayerGradients& gradients) override {
    make(&Backend::conv_backward, shape, saved, gradients);
  }
  void pool_forward(const kernels::PoolShape& shape, ConstView in, View out) override {
    make(&Backend::pool_forward, shape, in, out);
  }
  void pool_backward(const kernels::PoolShape& shape, const kernels::PoolSaved& saved,
                     ConstView d_out, View d_in) override {
    make(&Backend::pool_backward, shape, saved, d_out, d_in);
  }
  void relu_forward(ConstView in, View out) override { make(&Backend::relu_forward, in, out); }
  void relu_backward(ConstView out, ConstView d_out, View d_in) override {
    make(&Backend::relu_backward, out, d_out, d_in);
  }
  void add(ConstView a, ConstView b, kernels::Activation activation, View out) override {
    make(&Backend::add, a, b, activation, out);
  }
  void batchnorm_forward(const kernels::BatchNormShape& shape,
                         const kernels::BatchNormInputs& inputs,
                         const kernels::BatchNormParameters& parameters,
                         const kernels::BatchNormMoments& moments,
                         const kernels::BatchNormOutputs& outputs) override {
    make(&Backend::batchnorm_forward, shape, inputs, parameters, moments, outputs);
  }
  void batchnorm_apply(const kernels::BatchNormShape& shape, const kernels::BatchNormInputs& inputs,
                       const kernels::BatchNormParameters& parameters,
                       const kernels::BatchNormMoments& moments,
                       const kernels::BatchNormOutputs& outputs) override {
    make(&Backend::batchnorm_apply, shape, inputs, parameters, moments, outputs);
  }
  void batchnorm_backward(const kernels::BatchNormShape& shape,
                          const kernels::BatchNormSaved& saved,
                          const kernels::LayerGradients& gradients) override {
    make(&Backend::batchnorm_backward, shape, saved, gradients);
  }
  void layernorm_forward(const kernels::LayerNormShape& shape, ConstView in,
                         const kernels::LayerNormParameters& parameters, View out) override {
    make(&Backend::layernorm_forward, shape, in, parameters, out);
  }
  void layernorm_backward(const kernels::LayerNormShape& shape,
                          const kernels::LayerNormSaved& saved,
                          const kernels::LayerGradients& gradients) override {
    make(&Backend::layernorm_backward, shape, saved, gradients);
  }
  void gelu_forward(ConstView in, View out) override { make(&Backend::gelu_forward, in, out); }
  void gelu_backward(ConstView in, ConstView d_out, View d_in) override {
    make(&Backend::gelu_backward, in, d_out, d_in);
  }
  void dropout(const kernels::DropoutMask& mask, ConstView key, ConstView in, View out) override {
    make(&Backend::dropout, mask, key, in, out);
  }
  void crop(const kernels::CropShape& shape, ConstView table, ConstView picks, View out) override {
    ++cropped_;
    make(&Backend::crop, shape, table, picks, out);
  }
  void embedding_forward(const kernels::EmbeddingShape& shape, ConstView tokens, ConstView table,
                         View out) override {
    make(&Backend::embedding_forward, shape, tokens, table, out);
  }
  void embedding_backward(const kernels::EmbeddingShape& shape, ConstView tokens, ConstView d_out,
                          View d_table) override {
    make(&Backend::embedding_backward, shape, tokens, d_out, d_table);
  }
  void add_to_rows(const kernels::RowsShape& shape, ConstView in, ConstView row,
                   View out) override {
    make(&Backend::add_to_rows, shape, in, row, out);
  }
  void sum_rows(const kernels::RowsShape& shape, ConstView in, View row) override {
    make(&Backend::sum_rows, shape, in, row);
  }
  void attention_forward(const kernels::AttentionShape& shape, ConstView in, View out) override {
    make(&Backend::attention_forward, shape, in, out);
  }
  void attention_backward(const kernels::AttentionShape& shape, ConstView in, ConstView d_out,
                          View d_in) override {
    make(&Backend::attention_backward, shape, in, d_out, d_in);
  }
  void softmax_cross_entropy(const kernels::SoftmaxShape& shape, ConstView logits, ConstView labels,
                             const kernels::LossOutputs& outputs) override {
    make(&Backend::softmax_cross_entropy, shape, logits, labels, outputs);
  }

 private:
  using Tape = std::vector<std::function<void()>>;

  class Recorded final : public kernels::Recording {
   public:
    Recorded(RecordingBackend& backend, Tape tape)
        : backend_(backend), memory_(backend.memory_), tape_(std::move(tape)) {}
    [[nodiscard]] bool queue() override {
      if (memory_ != backend_.memory_) return false;
      for (const auto& call : tape_) call();
      ++backend_.queued_;
      return true;
    }

   private:
    RecordingBackend& backend_;
    std::size_t memory_;
    Tape tape_;
  };

  // The call, now or when it is queued, with the arguments as they are now.
  template <typename Operator, typename... Arguments>
  void make(Operator method, const Arguments&... arguments) {
    const auto call = [this, method, arguments...] { (near().*method)(arguments...); };
    if (is_recording_)
      tape_.emplace_back(call);
    else
      call();
  }

  std::unique_ptr<kernels::Recording> recorded(void (*action)(void* context),
                                               void* context) override {
    tape_.clear();
    is_recording_ = true;
    action(context);
    is_recording_ = false;
    ++recorded_;
    return std::make_unique<Recorded>(*this, std::move(tape_));
  }

  Tape tape_;
  bool is_recording_ = false;
  std::size_t recorded_ = 0;
  std::size_t queued_ = 0;
  std::size_t memory_ = 0;
  std::size_t free_bytes_ = 0;
  std::size_t cropped_ = 0;
};

}  // namespace test
