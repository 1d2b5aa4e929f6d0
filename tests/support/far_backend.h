#pragma once
// A device whose memory is not the host's, for tests without one: vector algebra of the reference,
// and a CHECK that no view but its own memory comes in.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "kernels/open_backend.h"
#include "runtime/check.h"

namespace test {

inline std::unique_ptr<kernels::Backend> reference_backend() {
  auto opened = kernels::open_backend({.device = "reference"});
  CHECK(opened.ok());
  return std::move(opened.value().backend);
}

class FarBackend : public kernels::Backend {
 public:
  [[nodiscard]] std::string_view name() const override { return "far"; }
  [[nodiscard]] std::string description() const override { return "far, for tests"; }
  [[nodiscard]] kernels::Precision precision() const override { return near_->precision(); }
  [[nodiscard]] kernels::Buffer allocate(std::size_t count, kernels::Scalar scalar) override {
    const auto memory = std::make_shared<kernels::Buffer>(near_->allocate(count, scalar));
    const kernels::View view = memory->view();
    own_[view.data()] = view.bytes();
    // Given back, the same addresses may be the host's next.
    return {{view.data(), [this, memory](void* data) { own_.erase(data); }}, count, scalar};
  }
  void upload(kernels::ConstView host, kernels::View device) override {
    CHECK(!is_own(host) && is_own(device));
    near_->upload(host, device);
  }
  void download(kernels::ConstView device, kernels::View host) override {
    CHECK(is_own(device) && !is_own(host));
    near_->download(device, host);
  }
  // Of memory that was allocated and has not been given back.
  [[nodiscard]] std::size_t held_bytes() const {
    std::size_t sum = 0;
    for (const auto& [start, bytes] : own_) sum += bytes;
    return sum;
  }
  void synchronize() override { near_->synchronize(); }
  [[nodiscard]] bool is_host() const override { return false; }

  void fill(double a, kernels::View x) override {
    CHECK(is_own(x));
    near_->fill(a, x);
  }
  void copy(kernels::ConstView x, kernels::View y) override {
    CHECK(is_own(x) && is_own(y));
    near_->copy(x, y);
  }
  void scale(double a, kernels::View x) override {
    CHECK(is_own(x));
    near_->scale(a, x);
  }
  void axpy(double a, kernels::ConstView x, kernels::View y) override {
    CHECK(is_own(x) && is_own(y));
    near_->axpy(a, x, y);
  }
  void accumulate(double a, double b, kernels::View x, kernels::View y) override {
    CHECK(is_own(x) && is_own(y));
    near_->accumulate(a, b, x, y);
  }
  void accumulate_squares(double a, double b, kernels::ConstView x, kernels::View y) override {
    CHECK(is_own(x) && is_own(y));
    near_->accumulate_squares(a, b, x, y);
  }
  void divide_by_root(double a, double epsilon, kernels::ConstView x, kernels::View y) override {
    CHECK(is_own(x) && is_own(y));
    near_->divide_by_root(a, epsilon, x, y);
  }
  void weighted_sum(double a, kernels::ConstView x, double b, kernels::ConstView y,
                    kernels::View out) override {
    CHECK(is_own(x) && is_own(y) && is_own(out));
    near_->weighted_sum(a, x, b, y, out);
  }
  [[nodiscard]] double dot(kernels::ConstView x, kernels::ConstView y) override {
    CHECK(is_own(x) && is_own(y));
    return near_->dot(x, y);
  }

  // Layers are not for mass.
  void dense_forward(const kernels::DenseShape& /*shape*/, kernels::ConstView /*in*/,
                     kernels::ConstView /*weight*/, kernels::ConstView /*bias*/,
                     kernels::View /*out*/) override {
    CHECK(false);
  }
  void dense_backward(const kernels::DenseShape& /*shape*/, const kernels::DenseSaved& /*saved*/,
                      const kernels::LayerGradients& /*gradients*/) override {
    CHECK(false);
  }
  void conv_forward(const kernels::ConvShape& /*shape*/, kernels::ConstView /*in*/,
                    kernels::ConstView /*weight*/, kernels::ConstView /*bias*/,
                    kernels::View /*out*/) override {
    CHECK(false);
  }
  void conv_backward(const kernels::ConvShape& /*shape*/, const kernels::ConvSaved& /*saved*/,
                     const kernels::LayerGradients& /*gradients*/) override {
    CHECK(false);
  }
  void pool_forward(const kernels::PoolShape& /*shape*/, kernels::ConstView /*in*/,
                    kernels::View /*out*/) override {
    CHECK(false);
  }
  void pool_backward(const kernels::PoolShape& /*shape*/, const kernels::PoolSaved& /*saved*/,
                     kernels::ConstView /*d_out*/, kernels::View /*d_in*/) override {
    CHECK(false);
  }
  void relu_forward(kernels::ConstView /*in*/, kernels::View /*out*/) override { CHECK(false); }
  void relu_backward(kernels::ConstView /*out*/, kernels::ConstView /*d_out*/,
                     kernels::View /*d_in*/) override {
    CHECK(false);
  }
  void add(kernels::ConstView /*a*/, kernels::ConstView /*b*/, kernels::Activation /*activation*/,
           kernels::View /*out*/) override {
    CHECK(false);
  }
  void batchnorm_forward(const kernels::BatchNormShape& /*shape*/,
                         const kernels::BatchNormInputs& /*inputs*/,
                         const kernels::BatchNormParameters& /*parameters*/,
                         const kernels::BatchNormMoments& /*moments*/,
                         const kernels::BatchNormOutputs& /*outputs*/) override {
    CHECK(false);
  }
  void batchnorm_apply(const kernels::BatchNormShape& /*shape*/,
                       const kernels::BatchNormInputs& /*inputs*/,
                       const kernels::BatchNormParameters& /*parameters*/,
                       const kernels::BatchNormMoments& /*moments*/,
                       const kernels::BatchNormOutputs& /*outputs*/) override {
    CHECK(false);
  }
  void batchnorm_backward(const kernels::BatchNormShape& /*shape*/,
                          const kernels::BatchNormSaved& /*saved*/,
                          const kernels::LayerGradients& /*gradients*/) override {
    CHECK(false);
  }
  void layernorm_forward(const kernels::LayerNormShape& /*shape*/, kernels::ConstView /*in*/,
                         const kernels::LayerNormParameters& /*parameters*/,
                         kernels::View /*out*/) override {
    CHECK(false);
  }
  void layernorm_backward(const kernels::LayerNormShape& /*shape*/,
                          const kernels::LayerNormSaved& /*saved*/,
                          const kernels::LayerGradients& /*gradients*/) override {
    CHECK(false);
  }
  void gelu_forward(kernels::ConstView /*in*/, kernels::View /*out*/) override { CHECK(false); }
  void gelu_backward(kernels::ConstView /*in*/, kernels::ConstView /*d_out*/,
                     kernels::View /*d_in*/) override {
    CHECK(false);
  }
  void dropout(const kernels::DropoutMask& /*mask*/, kernels::ConstView /*key*/,
               kernels::ConstView /*in*/, kernels::View /*out*/) override {
    CHECK(false);
  }
  void crop(const kernels::CropShape& /*shape*/, kernels::ConstView /*table*/,
            kernels::ConstView /*picks*/, kernels::View /*out*/) override {
    CHECK(false);
  }
  void embedding_forward(const kernels::EmbeddingShape& /*shape*/, kernels::ConstView /*tokens*/,
                         kernels::ConstView /*table*/, kernels::View /*out*/) override {
    CHECK(false);
  }
  void embedding_backward(const kernels::EmbeddingShape& /*shape*/, kernels::ConstView /*tokens*/,
                          kernels::ConstView /*d_out*/, kernels::View /*d_table*/) override {
    CHECK(false);
  }
  void add_to_rows(const kernels::RowsShape& /*shape*/, kernels::ConstView /*in*/,
                   kernels::ConstView /*row*/, kernels::View /*out*/) override {
    CHECK(false);
  }
  void sum_rows(const kernels::RowsShape& /*shape*/, kernels::ConstView /*in*/,
                kernels::View /*row*/) override {
    CHECK(false);
  }
  void attention_forward(const kernels::AttentionShape& /*shape*/, kernels::ConstView /*in*/,
                         kernels::View /*out*/) override {
    CHECK(false);
  }
  void attention_backward(const kernels::AttentionShape& /*shape*/, kernels::ConstView /*in*/,
                          kernels::ConstView /*d_out*/, kernels::View /*d_in*/) override {
    CHECK(false);
  }
  void softmax_cross_entropy(const kernels::SoftmaxShape& /*shape*/, kernels::ConstView /*logits*/,
                             kernels::ConstView /*labels*/,
                             const kernels::LossOutputs& /*outputs*/) override {
    CHECK(false);
  }

 protected:
  [[nodiscard]] kernels::Backend& near() { return *near_; }

 private:
  [[nodiscard]] bool is_own(kernels::ConstView view) const {
    const auto* const data = static_cast<const std::byte*>(view.data());
    for (const auto& [start, bytes] : own_) {
      const auto* const first = static_cast<const std::byte*>(start);
      if (!std::less<>{}(data, first) && data + view.bytes() <= first + bytes) return true;
    }
    return false;
  }

  std::unique_ptr<kernels::Backend> near_ = reference_backend();
  std::map<const void*, std::size_t> own_;
};

}  // namespace test
