#include "kernels/cpu/onednn.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernels/host_memory.h"
#include "runtime/check.h"

namespace kernels::cpu {
namespace {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;

enum class Operation : std::uint8_t {
  kDenseForward,
  kConvForward,
  kConvBackwardData,
  kConvBackwardWeight,
};

// All that a primitive depends on.
using Key = std::array<std::size_t, 12>;

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t hash = 0;
    for (const std::size_t part : key) hash = (hash ^ part) * 0x9e3779b97f4a7c15U;
    return hash ^ (hash >> 32U);
  }
};

Key key_of(Operation operation, const DenseShape& s) {
  return {static_cast<std::size_t>(operation), s.batch, s.inputs, s.outputs,
          static_cast<std::size_t>(s.activation)};
}

Key key_of(Operation operation, const ConvShape& s) {
  return {static_cast<std::size_t>(operation),
          s.batch,
          s.in_channels,
          s.in_height,
          s.in_width,
          s.out_channels,
          s.kernel_height,
          s.kernel_width,
          s.stride,
          s.padding,
          static_cast<std::size_t>(s.activation),
          s.groups};
}

dnnl_dim_t dim(std::size_t count) { return static_cast<dnnl_dim_t>(count); }

dnnl::memory::desc describe(const Dims& dims, Tag tag) {
  return {dims, dnnl::memory::data_type::f32, tag};
}

// oneDNN refuses by exception. It refuses what we should not have asked for, or has no memory left;
// either way this process cannot go on.
template <typename Action>
auto or_fail(Action action) {
  try {
    return action();
  } catch (const dnnl::error& error) {
    ::runtime::fail_check(__FILE__, __LINE__, error.what());
  }
}

void check_done(dnnl_status_t status) { CHECK(status == dnnl_success); }

dnnl::memory without_data(const dnnl::memory::desc& desc, const dnnl::engine& engine) {
  return dnnl::memory(desc, engine, DNNL_MEMORY_NONE);
}

void point(const dnnl::memory& memory, const float* data) {
  check_done(dnnl_memory_set_data_handle(memory.get(), const_cast<float*>(data)));
}

// Runs a primitive without the allocations of the C++ interface.
void execute(const dnnl::primitive& primitive, const dnnl::stream& stream,
             std::span<const dnnl_exec_arg_t> arguments) {
  check_done(dnnl_primitive_execute(primitive.get(), stream.get(),
                                    static_cast<int>(arguments.size()), arguments.data()));
}

// One operand: where the caller's numbers lie and, where oneDNN wants another order, a copy in it.
struct Operand {
  int index = 0;
  dnnl::memory plain;
  dnnl::memory ordered;                  // == plain where no other order is wanted
  std::optional<dnnl::reorder> reorder;  // plain to ordered; of an output, ordered to plain
  bool is_output = false;

  [[nodiscard]] std::array<dnnl_exec_arg_t, 2> reorder_arguments() const {
    const dnnl::memory& from = is_output ? ordered : plain;
    const dnnl::memory& to = is_output ? plain : ordered;
    return {{{DNNL_ARG_FROM, from.get()}, {DNNL_ARG_TO, to.get()}}};
  }
};

// How an operand is asked for: what the caller has, what the primitive wants.
struct Wish {
  int index;
  dnnl::memory::desc plain;
  dnnl::memory::desc ordered;
  bool is_output = false;
};

// A primitive with its operands, ready to be pointed at data and run.
class Call {
 public:
  Call(dnnl::primitive primitive, const dnnl::engine& engine, const std::vector<Wish>& wishes,
       const dnnl::memory::desc& scratch)
      : primitive_(std::move(primitive)), scratch_(without_data(scratch, engine)) {
    for (const Wish& wish : wishes) operands_.push_back(make_operand(wish, engine));
    for (const Operand& operand : operands_)
      arguments_.push_back({operand.index, operand.ordered.get()});
    arguments_.push_back({DNNL_ARG_SCRATCHPAD, scratch_.get()});
  }

  // `data`: one address an operand, in the order of the wishes.
  void run(const dnnl::stream& stream, std::span<const float* const> data, float* scratch) const {
    CHECK(data.size() == operands_.size());
    for (std::size_t i = 0; i < data.size(); ++i) point(operands_[i].plain, data[i]);
    point(scratch_, scratch);
    for (const Operand& operand : operands_)
      if (operand.reorder && !operand.is_output)
        execute(*operand.reorder, stream, operand.reorder_arguments());
    execute(primitive_, stream, arguments_);
    for (const Operand& operand : operands_)
      if (operand.reorder && operand.is_output)
        execute(*operand.reorder, stream, operand.reorder_arguments());
    check_done(dnnl_stream_wait(stream.get()));
  }

  [[nodiscard]] std::size_t scratch_bytes() const { return scratch_.get_desc().get_size(); }

 private:
  static Operand make_operand(const Wish& wish, const dnnl::engine& engine) {
    Operand operand{wish.index, without_data(wish.plain, engine), {}, {}, wish.is_output};
    operand.ordered = operand.plain;
    if (wish.ordered == wish.plain) return operand;
    operand.ordered = dnnl::memory(wish.ordered, engine);
    operand.reorder = wish.is_output ? dnnl::reorder(operand.ordered, operand.plain)
                                     : dnnl::reorder(operand.plain, operand.ordered);
    return operand;
  }

  dnnl::primitive primitive_;
  dnnl::memory scratch_;
  std::vector<Operand> operands_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

dnnl::primitive_attr attributes(Activation activation) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (activation == Activation::kRelu) {
    dnnl::post_ops fused;
    fused.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    attributes.set_post_ops(fused);
  }
  return attributes;
}

// The tensors of a layer. `weight` is in our order; `weight_any` leaves the order to oneDNN, which
// for convolutions decides between its fast code and its reference loops (lenet5's second, AVX2,
// batch 64: 0.5 ms or 725 ms).
struct LayerTensors {
  dnnl::memory::desc in;
  dnnl::memory::desc weight;
  dnnl::memory::desc weight_any;
  dnnl::memory::desc bias;
  dnnl::memory::desc out;
};

// Dense weights stay in our order, which is what oneDNN picks by itself with AVX2. They change at
// every step, so another order would have to be made anew each time.
LayerTensors tensors_of(const DenseShape& s) {
  const Dims weight{dim(s.outputs), dim(s.inputs)};
  return {describe({dim(s.batch), dim(s.inputs)}, Tag::ab), describe(weight, Tag::ab),
          describe(weight, Tag::ab), describe({dim(s.outputs)}, Tag::a),
          describe({dim(s.batch), dim(s.outputs)}, Tag::ab)};
}

LayerTensors tensors_of(const ConvShape& s) {
  const Dims in{dim(s.batch), dim(s.in_channels), dim(s.in_height), dim(s.in_width)};
  const Dims out{dim(s.batch), dim(s.out_channels), dim(s.out_height()), dim(s.out_width())};
  // Groups are a dimension of their own, and a lone one is not: its code is slower.
  const Dims of_group{dim(s.out_channels / s.groups), dim(s.in_channels / s.groups),
                      dim(s.kernel_height), dim(s.kernel_width)};
  const Dims weight = s.groups > 1
                          ? Dims{dim(s.groups), of_group[0], of_group[1], of_group[2], of_group[3]}
                          : of_group;
  return {describe(in, Tag::nhwc), describe(weight, s.groups > 1 ? Tag::gohwi : Tag::ohwi),
          describe(weight, Tag::any), describe({dim(s.out_channels)}, Tag::a),
          describe(out, Tag::nhwc)};
}

Dims strides_of(const ConvShape& s) { return {dim(s.stride), dim(s.stride)}; }
Dims padding_of(const ConvShape& s) { return {dim(s.padding), dim(s.padding)}; }

auto describe_forward(const DenseShape& s, const LayerTensors& t, const dnnl::engine& engine) {
  using Forward = dnnl::inner_product_forward;
  return Forward::primitive_desc(
      Forward::desc(dnnl::prop_kind::forward_training, t.in, t.weight_any, t.bias, t.out),
      attributes(s.activation), engine);
}

auto describe_forward(const ConvShape& s, const LayerTensors& t, const dnnl::engine& engine) {
  using Forward = dnnl::convolution_forward;
  return Forward::primitive_desc(
      Forward::desc(dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, t.in,
                    t.weight_any, t.bias, t.out, strides_of(s), padding_of(s), padding_of(s)),
      attributes(s.activation), engine);
}

auto describe_backward_data(const ConvShape& s, const LayerTensors& t, const dnnl::engine& engine) {
  using Backward = dnnl::convolution_backward_data;
  return Backward::primitive_desc(
      Backward::desc(dnnl::algorithm::convolution_direct, t.in, t.weight_any, t.out, strides_of(s),
                     padding_of(s), padding_of(s)),
      attributes(Activation::kNone), engine, describe_forward(s, t, engine));
}

auto describe_backward_weight(const ConvShape& s, const LayerTensors& t,
                              const dnnl::engine& engine) {
  using Backward = dnnl::convolution_backward_weights;
  return Backward::primitive_desc(
      Backward::desc(dnnl::algorithm::convolution_direct, t.in, t.weight_any, t.out, strides_of(s),
                     padding_of(s), padding_of(s)),
      attributes(Activation::kNone), engine, describe_forward(s, t, engine));
}

// How much of what oneDNN asks for as scratch memory it really uses. Its strided 1x1 convolutions
// with AVX2 gather pixels there in packs of eight channels and ask for the channels there are
// (2.7; seen with valgrind for three channels).
std::size_t scratch_factor(const DenseShape& /*shape*/) { return 1; }
std::size_t scratch_factor(const ConvShape& s) {
  return s.kernel_height == 1 && s.kernel_width == 1 && s.stride > 1 ? 8 : 1;
}

template <typename Shape>
Call make_forward(const Shape& shape, const dnnl::engine& engine) {
  const LayerTensors t = tensors_of(shape);
  const auto desc = describe_forward(shape, t, engine);
  return {dnnl::primitive(desc.get()),
          engine,
          {{DNNL_ARG_SRC, t.in, t.in},
           {DNNL_ARG_WEIGHTS, t.weight, desc.weights_desc()},
           {DNNL_ARG_BIAS, t.bias, t.bias},
           {DNNL_ARG_DST, t.out, t.out, true}},
          desc.scratchpad_desc()};
}

Call make_backward_data(const ConvShape& shape, const dnnl::engine& engine) {
  const LayerTensors t = tensors_of(shape);
  const auto desc = describe_backward_data(shape, t, engine);
  return {dnnl::primitive(desc.get()),
          engine,
          {{DNNL_ARG_WEIGHTS, t.weight, desc.weights_desc()},
           {DNNL_ARG_DIFF_DST, t.out, t.out},
           {DNNL_ARG_DIFF_SRC, t.in, t.in, true}},
          desc.scratchpad_desc()};
}

Call make_backward_weight(const ConvShape& shape, const dnnl::engine& engine) {
  const LayerTensors t = tensors_of(shape);
  const auto desc = describe_backward_weight(shape, t, engine);
  return {dnnl::primitive(desc.get()),
          engine,
          {{DNNL_ARG_SRC, t.in, t.in},
           {DNNL_ARG_DIFF_DST, t.out, t.out},
           {DNNL_ARG_DIFF_WEIGHTS, t.weight, desc.diff_weights_desc(), true}},
          desc.scratchpad_desc()};
}

// Where a matrix's numbers lie, and how many from one row to the next.
struct Matrix {
  const float* data;
  dnnl_dim_t row;
};

}  // namespace

void multiply(const MatrixProduct& p, const float* a, const float* b, float* c) {
  check_done(dnnl_sgemm(p.a_transposed ? 'T' : 'N', p.b_transposed ? 'T' : 'N', dim(p.rows),
                        dim(p.columns), dim(p.inner), p.factor, a, dim(p.a_row), b, dim(p.b_row),
                        0.0F, c, dim(p.c_row)));
}

struct OneDnn::State {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
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
    float* const to = room(rows * row);
    for (std::size_t i = 0; i < rows; ++i) std::copy_n(data + i * columns, columns, to + i * row);
    return {to, dim(row)};
  }

  // The scratch memory, of at least so many numbers.
  float* room(std::size_t count) {
    if (scratch.count() < count) scratch = allocate_host(count, Scalar::kF32);
    return scratch.view().as<float>().data();
  }

  // Runs the call that `key` stands for, made the first time.
  template <typename Shape>
  void run(const Key& key, Call (*make)(const Shape&, const dnnl::engine&), const Shape& shape,
           std::span<const float* const> data) {
    auto found = calls.find(key);
    if (found == calls.end())
      found = calls.emplace(key, or_fail([&] { return make(shape, engine); })).first;
    const Call& call = found->second;
    const std::size_t bytes = scratch_factor(shape) * call.scratch_bytes();
    call.run(stream, data, room(bytes / sizeof(float) + 1));
  }
};

OneDnn::OneDnn() : state_(or_fail([] { return std::make_unique<State>(); })) {}
OneDnn::~OneDnn() = default;

void OneDnn::dense_forward(const DenseShape& shape, const float* in, const float* weight,
                           const float* bias, float* out) {
  const std::array data{in, weight, bias, static_cast<const float*>(out)};
  state_->run(key_of(Operation::kDenseForward, shape), make_forward<DenseShape>, shape, data);
}

void OneDnn::dense_backward_data(const DenseShape& shape, const float* weight, const float* d_out,
                                 float* d_in) {
  const Matrix right = state_->spread(weight, shape.outputs, shape.inputs);
  check_done(dnnl_sgemm('N', 'N', dim(shape.batch), dim(shape.inputs), dim(shape.outputs), 1.0F,
                        d_out, dim(shape.outputs), right.data, right.row, 0.0F, d_in,
                        dim(shape.inputs)));
}

void OneDnn::dense_backward_weight(const DenseShape& shape, const float* in, const float* d_out,
                                   float* d_weight) {
  const Matrix right = state_->spread(in, shape.batch, shape.inputs);
  check_done(dnnl_sgemm('T', 'N', dim(shape.outputs), dim(shape.inputs), dim(shape.batch), 1.0F,
                        d_out, dim(shape.outputs), right.data, right.row, 0.0F, d_weight,
                        dim(shape.inputs)));
}

void OneDnn::conv_forward(const ConvShape& shape, const float* in, const float* weight,
                          const float* bias, float* out) {
  const std::array data{in, weight, bias, static_cast<const float*>(out)};
  state_->run(key_of(Operation::kConvForward, shape), make_forward<ConvShape>, shape, data);
}

void OneDnn::conv_backward_data(const ConvShape& shape, const float* weight, const float* d_out,
                                float* d_in) {
  const std::array data{weight, d_out, static_cast<const float*>(d_in)};
  state_->run(key_of(Operation::kConvBackwardData, shape), make_backward_data, shape, data);
}

void OneDnn::conv_backward_weight(const ConvShape& shape, const float* in, const float* d_out,
                                  float* d_weight) {
  const std::array data{in, d_out, static_cast<const float*>(d_weight)};
  state_->run(key_of(Operation::kConvBackwardWeight, shape), make_backward_weight, shape, data);
}

}  // namespace kernels::cpu
