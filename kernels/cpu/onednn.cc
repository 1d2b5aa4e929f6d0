#include "kernels/cpu/onednn.h"

#include <algorithm>
#include <array>
#include <oneapi/dnnl/dnnl.hpp>
#include <span>
#include <unordered_map>

#include "kernels/cpu/onednn_call.h"
#include "kernels/cpu/onednn_describe.h"
#include "kernels/cpu/onednn_key.h"
#include "kernels/cpu/onednn_layers.h"
#include "kernels/cpu/threads.h"
#include "kernels/host_memory.h"
#include "runtime/check.h"

namespace kernels::cpu {
namespace {

// Where a matrix's numbers lie, and how many from one row to the next.
struct Matrix {
  const float* data;
  dnnl_dim_t row;
};

// oneDNN's strided 1x1 convolutions with AVX2 gather pixels in packs of eight channels into memory
// of each thread that is as large as the channels there are: with fewer, threads write into each
// other's (2.6; how much they use beyond it, onednn_conv.cc says).
bool computes_alone(const DenseShape& /*shape*/) { return false; }
bool computes_alone(const ConvShape& s) {
  return s.kernel_height == 1 && s.kernel_width == 1 && s.stride > 1 &&
         s.in_channels / s.groups % 8 != 0;
}

}  // namespace

void multiply(const MatrixProduct& p, const float* a, const float* b, float* c) {
  check_done(dnnl_sgemm(p.a_transposed ? 'T' : 'N', p.b_transposed ? 'T' : 'N', dim(p.rows),
                        dim(p.columns), dim(p.inner), p.factor, a, dim(p.a_row), b, dim(p.b_row),
                        p.adds ? 1.0F : 0.0F, c, dim(p.c_row)));
}

struct OneDnn::State {
  explicit State(Factors factors) : workshop{{dnnl::engine::kind::cpu, 0}, factors, {}} {}

  Workshop workshop;
  dnnl::stream stream{workshop.engine};
  std::unordered_map<Key, Call, KeyHash> calls;
  Buffer scratch;  // shared by all calls: they run one after the other

  // The right side of a product. Rows that lie a multiple of 2 KiB apart share a few sets of the
  // cache: moved apart, the two products of a dense layer's backward pass take 0.19 ms each instead
  // of 0.25 and 0.27 (512 inputs, 256 outputs, batch 64), the copy included. A large matrix would
  // be copied in and out of memory, which costs more than it saves.
  Matrix spread(const float* data, std::size_t rows, std::size_t columns) {
    constexpr std::size_t kColumns = 512;
    constexpr std::size_t kNumbersMax = std::size_t{256} << 10U;
    if (columns % kColumns != 0 || rows * columns > kNumbersMax) return {data, dim(columns)};
    const std::size_t row = columns + 16;
    float* const to = at_least(scratch, rows * row);
    for (std::size_t i = 0; i < rows; ++i) std::copy_n(data + i * columns, columns, to + i * row);
    return {to, dim(row)};
  }

  // Runs the call that `key` stands for, made the first time.
  template <typename Shape>
  void run(const Key& key, Call (*make)(const Shape&, const Workshop&), const Shape& shape,
           std::span<const void* const> data, Rounded rounded = {}) {
    if (computes_alone(shape)) use_threads(1);  // of this call: the next one says what it wants
    auto found = calls.find(key);
    if (found == calls.end())
      found = calls
                  .emplace(key, or_fail([&] {
                             return make(shape, {workshop.engine, workshop.factors, rounded});
                           }))
                  .first;
    const Call& call = found->second;
    float* const room = at_least(scratch, call.room_bytes() / sizeof(float) + 1);
    call.run(stream, data, reinterpret_cast<std::byte*>(room));
  }
};

OneDnn::OneDnn(Factors factors)
    : state_(or_fail([&] { return std::make_unique<State>(factors); })) {}
OneDnn::~OneDnn() = default;

void OneDnn::dense_forward(const DenseShape& shape, const Numbers& in, const Numbers& weight,
                           const float* bias, const Result& out) {
  const std::array<const void*, 4> data{in.data, weight.data, bias, out.data};
  const Rounded rounded{.in = in.rounded, .weight = weight.rounded, .result = out.rounded};
  state_->run(key_of(Operation::kDenseForward, shape, rounded), make_forward, shape, data, rounded);
}

void OneDnn::dense_backward_data(const DenseShape& shape, const Numbers& weight,
                                 const Numbers& d_out, const Result& d_in) {
  if (state_->workshop.factors != Factors::kF32) {
    const std::array<const void*, 3> data{weight.data, d_out.data, d_in.data};
    const Rounded rounded{.d_out = d_out.rounded, .weight = weight.rounded, .result = d_in.rounded};
    state_->run(key_of(Operation::kDenseBackwardData, shape, rounded), make_backward_data, shape,
                data, rounded);
    return;
  }
  const Matrix right =
      state_->spread(static_cast<const float*>(weight.data), shape.outputs, shape.inputs);
  check_done(dnnl_sgemm('N', 'N', dim(shape.batch), dim(shape.inputs), dim(shape.outputs), 1.0F,
                        static_cast<const float*>(d_out.data), dim(shape.outputs), right.data,
                        right.row, 0.0F, static_cast<float*>(d_in.data), dim(shape.inputs)));
}

void OneDnn::dense_backward_weight(const DenseShape& shape, const Numbers& in, const Numbers& d_out,
                                   float* d_weight) {
  if (state_->workshop.factors != Factors::kF32) {
    const std::array<const void*, 3> data{in.data, d_out.data, d_weight};
    const Rounded rounded{.in = in.rounded, .d_out = d_out.rounded};
    state_->run(key_of(Operation::kDenseBackwardWeight, shape, rounded), make_backward_weight,
                shape, data, rounded);
    return;
  }
  const Matrix right =
      state_->spread(static_cast<const float*>(in.data), shape.batch, shape.inputs);
  check_done(dnnl_sgemm('T', 'N', dim(shape.outputs), dim(shape.inputs), dim(shape.batch), 1.0F,
                        static_cast<const float*>(d_out.data), dim(shape.outputs), right.data,
                        right.row, 0.0F, d_weight, dim(shape.inputs)));
}

void OneDnn::conv_forward(const ConvShape& shape, const Numbers& in, const float* weight,
                          const float* bias, float* out) {
  const std::array<const void*, 4> data{in.data, weight, bias, out};
  const Rounded rounded{.in = in.rounded, .d_out = false};
  state_->run(key_of(Operation::kConvForward, shape, rounded), make_forward, shape, data, rounded);
}

void OneDnn::conv_backward_data(const ConvShape& shape, const float* weight, const Numbers& d_out,
                                float* d_in) {
  const std::array<const void*, 3> data{weight, d_out.data, d_in};
  const Rounded rounded{.in = false, .d_out = d_out.rounded};
  state_->run(key_of(Operation::kConvBackwardData, shape, rounded), make_backward_data, shape, data,
              rounded);
}

void OneDnn::conv_backward_weight(const ConvShape& shape, const Numbers& in, const Numbers& d_out,
                                  float* d_weight) {
  const std::array<const void*, 3> data{in.data, d_out.data, d_weight};
  const Rounded rounded{.in = in.rounded, .d_out = d_out.rounded};
  state_->run(key_of(Operation::kConvBackwardWeight, shape, rounded), make_backward_weight, shape,
              data, rounded);
}

}  // namespace kernels::cpu
