#pragma once
// Everything the program may ask of a device. Three implementations, one meaning: reference/ (plain
// loops: the definition), cpu/ (oneDNN and vector code), cuda/ (cuDNN, cuBLAS, our own kernels).
// tests/kernels/backends_agree_test.cc holds the last two to the first.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "kernels/cells.h"
#include "kernels/copy.h"
#include "kernels/host_memory.h"
#include "kernels/precision.h"
#include "kernels/recording.h"
#include "kernels/shapes.h"
#include "kernels/view.h"

namespace kernels {

// What a backward pass needs of its forward pass. `out` is what the forward wrote, activation
// included: a fused ReLU's mask is out > 0.
struct DenseSaved {
  ConstView in;
  ConstView weight;
  ConstView out;
};
using ConvSaved = DenseSaved;
struct PoolSaved {
  ConstView in;
  ConstView out;
};

// All per channel. The variance is the mean square distance from the mean (divided by the number of
// rows).
struct BatchNormInputs {
  ConstView in;
  ConstView added = {};  // to what is normalised, afterwards: as much, or nothing
};
// Either or both. `rounded`, of bf16: the same numbers, for a backend that takes_rounded().
struct BatchNormOutputs {
  View out;
  View rounded = {};
};
struct BatchNormParameters {
  ConstView scale;
  ConstView shift;
};
struct BatchNormMoments {
  View mean;
  View variance;
};
struct BatchNormSaved {
  ConstView in;
  ConstView scale;
  ConstView shift;
  ConstView out;
  ConstView mean;
  ConstView variance;
  bool added = false;  // whether there was something to add
};

using LayerNormParameters = BatchNormParameters;  // per column
struct LayerNormSaved {
  ConstView in;
  ConstView scale;
};

// Where a backward pass writes. d_in may be empty: a first layer has no use for it. d_weight and
// d_bias are overwritten. d_out is scratch.
struct LayerGradients {
  View d_out;
  View d_in;
  View d_weight;
  View d_bias;
  ConstView d_out_more = {};  // batchnorm_backward() only: the rest of d_out, from another reader
};

// What softmax cross-entropy writes, per sample; the gradient is of the batch's mean loss. Empty
// views are not written.
struct LossOutputs {
  View d_logits;  // [batch, classes]
  View loss;      // [batch]
  View correct;   // [batch]: 1 where the largest logit (the first of equals) is the label, else 0
};

// Calls return once queued; dot(), download() and synchronize() wait. Views must be of this
// backend's own memory, except the host side of upload and download. Views that are written must
// not overlap views that are read, unless they are the same. Sizes and types must fit (CHECK): a
// wrong one is a bug, the outside world has been refused before. One thread at a time, but for what
// in_pieces() says. Operators on images and dense layers take f32; the reference takes f64 as well.
class Backend {
 public:
  Backend() = default;
  virtual ~Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  [[nodiscard]] virtual std::string_view name() const = 0;  // "reference", "cpu", "cuda:0"
  [[nodiscard]] virtual std::string description()
      const = 0;  // for a person: "cpu, 2 threads, avx512"
  // What it really computes in; may be less than it was opened for (kernels/open_backend.h).
  [[nodiscard]] virtual Precision precision() const = 0;
  // Whether these may be views of bf16, what it would round anyway: `in` of a convolution or dense
  // layer, d_out of a convolution that has neither bias nor activation, and what batch
  // normalisation and dense layers write for such: outputs, of which their backward passes read the
  // signs, and d_in.
  [[nodiscard]] virtual bool takes_rounded() const { return false; }
  // rounded, of bf16, = x: for ConstView::beside(), where it takes_rounded(). Dense layers multiply
  // by such weights as they are, and round others with every product. As vector algebra.
  virtual void round(ConstView /*x*/, View /*rounded*/) { CHECK(false); }

  // On a host, with how many threads it computes from now on, at least 1: what was made ready for
  // another number is made anew as it is used. Elsewhere nothing changes.
  virtual void set_threads(std::size_t /*count*/) {}

  // Memory. Fresh memory holds zeros.
  [[nodiscard]] virtual Buffer allocate(std::size_t count, Scalar scalar) = 0;
  virtual void upload(ConstView host, View device) = 0;
  virtual void download(ConstView device, View host) = 0;
  // Copies beside what is queued from now on, best to and from host_memory(). The host gets what
  // `device` holds after all that has been queued; `device` is written after that, and read by
  // what is queued once the copy has been joined.
  [[nodiscard]] virtual std::unique_ptr<Copy> copy_out(ConstView device, View host) {
    download(device, host);
    return std::make_unique<Copied>();
  }
  [[nodiscard]] virtual std::unique_ptr<Copy> copy_in(ConstView host, View device) {
    upload(host, device);
    return std::make_unique<Copied>();
  }
  // Any thread, also beside the one that uses the device.
  [[nodiscard]] virtual HostBytes host_memory(std::size_t bytes) { return allocate_bytes(bytes); }
  virtual void synchronize() = 0;
  [[nodiscard]] virtual bool is_host()
      const = 0;  // its memory is the host's: host views serve as its own
  // What allocate() could still give, in bytes, where it is the device's own; 0 on a host.
  [[nodiscard]] virtual std::size_t free_bytes() const { return 0; }

  // Vector algebra: all that policies and mixing need. f32 and f64; x and y of one type.
  virtual void fill(double a, View x) = 0;               // x = a
  virtual void copy(ConstView x, View y) = 0;            // y = x
  virtual void scale(double a, View x) = 0;              // x = a x
  virtual void axpy(double a, ConstView x, View y) = 0;  // y = a x + y
  // out = a x + b y, which out may be: what folding an arrival into an estimate takes.
  virtual void weighted_sum(double a, ConstView x, double b, ConstView y, View out) = 0;
  [[nodiscard]] virtual double dot(ConstView x, ConstView y) = 0;  // accumulated in f64
  // y = b y + x, then x = a y; x and y apart. Momentum's whole step: scale, axpy, copy and
  // scale would read and write more than twice as much.
  virtual void accumulate(double a, double b, View x, View y) = 0;
  // What adaptive optimizers scale a step by, element by element.
  virtual void accumulate_squares(double a, double b, ConstView x, View y) = 0;  // y = b y + a x^2
  // y = a y / (sqrt(x) + epsilon). Roots of negative numbers are the caller's bug.
  virtual void divide_by_root(double a, double epsilon, ConstView x, View y) = 0;

  // Calls action(first, count) for pieces that together are [0, count), so that several passes over
  // one piece follow each other while a cache holds it: on a CPU, and there on its threads at once;
  // elsewhere it is all one piece. Of this backend, `action` may use the vector algebra without
  // dot.
  template <typename Action>
  void in_pieces(std::size_t count, Action action) {
    share_out(
        count,
        [](void* context, std::size_t first, std::size_t size) {
          (*static_cast<Action*>(context))(first, size);
        },
        &action);
  }

  // What `action` would queue, kept instead to be queued later; null where the device keeps nothing
  // of this, and nothing has been queued. `action` has run before as it does now: the same calls,
  // with the same views, shapes and numbers, none of which waits.
  template <typename Action>
  [[nodiscard]] std::unique_ptr<Recording> record(Action action) {
    return recorded([](void* context) { (*static_cast<Action*>(context))(); }, &action);
  }

  // Cells of f32 numbers, made and read where the numbers lie: the bits of kernels/cells.h, in
  // payloads of payload_words(). What is read, to_cells() has made.
  [[nodiscard]] virtual bool has_cells() const { return false; }
  virtual void to_cells(const cells::Coding& /*coding*/, ConstView /*x*/, View /*payload*/) {
    CHECK(false);
  }
  virtual void from_cells(const cells::Coding& /*coding*/, ConstView /*payload*/, View /*x*/) {
    CHECK(false);
  }

  // sums, of f64, += scale * the projection of x, in an order that only the shape and the count
  // decide.
  [[nodiscard]] virtual bool has_sketches() const { return false; }
  virtual void add_to_sketch(const SketchShape& /*shape*/, double /*scale*/, ConstView /*x*/,
                             View /*sums*/) {
    CHECK(false);
  }

  // Layers. A backward sits beside its forward. An empty bias is one of zeros, with no gradient.
  virtual void dense_forward(const DenseShape& shape, ConstView in, ConstView weight,
                             ConstView bias, View out) = 0;
  virtual void dense_backward(const DenseShape& shape, const DenseSaved& saved,
                              const LayerGradients& gradients) = 0;
  virtual void conv_forward(const ConvShape& shape, ConstView in, ConstView weight, ConstView bias,
                            View out) = 0;
  virtual void conv_backward(const ConvShape& shape, const ConvSaved& saved,
                             const LayerGradients& gradients) = 0;
  virtual void pool_forward(const PoolShape& shape, ConstView in, View out) = 0;
  virtual void pool_backward(const PoolShape& shape, const PoolSaved& saved, ConstView d_out,
                             View d_in) = 0;
  virtual void relu_forward(ConstView in, View out) = 0;
  virtual void relu_backward(ConstView out, ConstView d_out,
                             View d_in) = 0;  // d_in = d_out where out > 0, else 0
  // out = activation(a + b)
  virtual void add(ConstView a, ConstView b, Activation activation, View out) = 0;

  // out = activation(scale (in - mean) / sqrt(variance + epsilon) + shift + added); the first with
  // the moments of `in`, which it writes, the second with given ones. (Ioffe & Szegedy 2015.)
  virtual void batchnorm_forward(const BatchNormShape& shape, const BatchNormInputs& inputs,
                                 const BatchNormParameters& parameters,
                                 const BatchNormMoments& moments,
                                 const BatchNormOutputs& outputs) = 0;
  virtual void batchnorm_apply(const BatchNormShape& shape, const BatchNormInputs& inputs,
                               const BatchNormParameters& parameters,
                               const BatchNormMoments& moments,
                               const BatchNormOutputs& outputs) = 0;
  // Of batchnorm_forward. d_weight and d_bias are scale's and shift's. What was added has its
  // gradient in d_out afterwards.
  virtual void batchnorm_backward(const BatchNormShape& shape, const BatchNormSaved& saved,
                                  const LayerGradients& gradients) = 0;

  // out = scale (in - mean) / sqrt(variance + epsilon) + shift, with the moments of each row, which
  // the backward pass works out again. d_weight and d_bias are scale's and shift's. (Ba et al.
  // 2016.)
  virtual void layernorm_forward(const LayerNormShape& shape, ConstView in,
                                 const LayerNormParameters& parameters, View out) = 0;
  virtual void layernorm_backward(const LayerNormShape& shape, const LayerNormSaved& saved,
                                  const LayerGradients& gradients) = 0;
  // out = in P(X <= in), X normal: the exact form, by the error function. (Hendrycks & Gimpel
  // 2016.)
  virtual void gelu_forward(ConstView in, View out) = 0;
  virtual void gelu_backward(ConstView in, ConstView d_out, View d_in) = 0;
  // out = in / (1 - probability) where the mask lets through, else 0; its own backward pass. At
  // most 2^32 numbers. (Srivastava et al. 2014.)
  virtual void dropout(const DropoutMask& mask, ConstView key, ConstView in, View out) = 0;
  // out = for each pick (kernels/crop.h: i32 [batch, kPickNumbers]) its window of its image.
  virtual void crop(const CropShape& shape, ConstView table, ConstView picks, View out) = 0;
  // out = the table's rows of the tokens: whole numbers in [0, vocabulary), of the table's type.
  virtual void embedding_forward(const EmbeddingShape& shape, ConstView tokens, ConstView table,
                                 View out) = 0;
  virtual void embedding_backward(const EmbeddingShape& shape, ConstView tokens, ConstView d_out,
                                  View d_table) = 0;
  virtual void add_to_rows(const RowsShape& shape, ConstView in, ConstView row,
                           View out) = 0;  // each row of out = that of in + row
  virtual void sum_rows(const RowsShape& shape, ConstView in, View row) = 0;
  // out = softmax(queries keys^T / sqrt(width)) values, head by head.
  virtual void attention_forward(const AttentionShape& shape, ConstView in, View out) = 0;
  virtual void attention_backward(const AttentionShape& shape, ConstView in, ConstView d_out,
                                  View d_in) = 0;

  virtual void softmax_cross_entropy(
      const SoftmaxShape& shape, ConstView logits, ConstView labels,
      const LossOutputs& outputs) = 0;  // labels: i32 [batch], each in [0, classes)

 private:
  // in_pieces(), of a plain function.
  virtual void share_out(std::size_t count,
                         void (*action)(void* context, std::size_t first, std::size_t size),
                         void* context) {
    if (count > 0) action(context, 0, count);
  }
  // record(), of a plain function.
  [[nodiscard]] virtual std::unique_ptr<Recording> recorded(void (* /*action*/)(void* context),
                                                            void* /*context*/) {
    return nullptr;
  }
};

}  // namespace kernels
