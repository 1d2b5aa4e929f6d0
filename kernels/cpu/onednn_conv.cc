// The calls for convolutions.
#include "kernels/cpu/onednn_layers.h"

#include <array>

#include "kernels/cpu/onednn_describe.h"

namespace kernels::cpu {
namespace {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

// A tensor as the caller has it, as a factor of a product, and as a product's result.
struct Tensor {
  dnnl::memory::desc plain;
  dnnl::memory::desc factor;
  dnnl::memory::desc result;
};

struct LayerTensors {
  Tensor in;
  Tensor weight;
  dnnl::memory::desc bias;
  Tensor out;
};

Type type_of(Factors factors) { return factors == Factors::kBf16 ? Type::bf16 : Type::f32; }

Tensor tensor(const Dims& dims, Tag order, Factors factors, bool rounded) {
  const dnnl::memory::desc result(dims, Type::f32, order);
  const dnnl::memory::desc factor(dims, type_of(factors), order);
  return {rounded ? factor : result, factor, result};
}

// `wanted`: the order that a primitive gets.
Tensor weights(const Dims& dims, Tag order, Tag wanted, Factors factors) {
  return {{dims, Type::f32, order}, {dims, type_of(factors), wanted}, {dims, Type::f32, wanted}};
}

dnnl::memory::desc bias_of(std::size_t outputs) { return {{dim(outputs)}, Type::f32, Tag::a}; }

// The order of the weights is oneDNN's choice: it decides between its fast code and its reference
// loops (lenet5's second, AVX2, batch 64: 0.5 ms or 725 ms).
LayerTensors tensors_of(const ConvShape& s, const Workshop& workshop) {
  const Factors factors = workshop.factors;
  const Dims in{dim(s.batch), dim(s.in_channels), dim(s.in_height), dim(s.in_width)};
  const Dims out{dim(s.batch), dim(s.out_channels), dim(s.out_height()), dim(s.out_width())};
  // Groups are a dimension of their own, and a lone one is not: its code is slower.
  const Dims of_group{dim(s.out_channels / s.groups), dim(s.in_channels / s.groups),
                      dim(s.kernel_height), dim(s.kernel_width)};
  const Dims weight = s.groups > 1
                          ? Dims{dim(s.groups), of_group[0], of_group[1], of_group[2], of_group[3]}
                          : of_group;
  return {tensor(in, Tag::nhwc, factors, workshop.rounded.in),
          weights(weight, s.groups > 1 ? Tag::gohwi : Tag::ohwi, Tag::any, factors),
          bias_of(s.out_channels), tensor(out, Tag::nhwc, factors, workshop.rounded.d_out)};
}

constexpr auto kDirect = dnnl::algorithm::convolution_direct;
Dims strides_of(const ConvShape& s) { return {dim(s.stride), dim(s.stride)}; }
Dims padding_of(const ConvShape& s) { return {dim(s.padding), dim(s.padding)}; }

auto forward_of(const ConvShape& s, const LayerTensors& t, const dnnl::engine& engine) {
  return describe<dnnl::convolution_forward>(
      engine, attributes(s.activation), dnnl::prop_kind::forward_training, kDirect, t.in.factor,
      t.weight.factor, t.bias, t.out.result, strides_of(s), padding_of(s), padding_of(s));
}

auto backward_data_of(const ConvShape& s, const LayerTensors& t, const dnnl::engine& engine) {
  return describe_backward<dnnl::convolution_backward_data>(
      engine, attributes(Activation::kNone), forward_of(s, t, engine), kDirect, t.in.result,
      t.weight.factor, t.out.factor, strides_of(s), padding_of(s), padding_of(s));
}

auto backward_weight_of(const ConvShape& s, const LayerTensors& t, const dnnl::engine& engine) {
  return describe_backward<dnnl::convolution_backward_weights>(
      engine, attributes(Activation::kNone), forward_of(s, t, engine), kDirect, t.in.factor,
      t.weight.result, t.out.factor, strides_of(s), padding_of(s), padding_of(s));
}

// How much of what oneDNN asks for as scratch memory it really uses. Its strided 1x1 convolutions
// with AVX2 gather pixels there in packs of eight channels and ask for the channels there are
// (2.7; seen with valgrind for three channels).
std::size_t scratch_factor(const ConvShape& s) {
  return s.kernel_height == 1 && s.kernel_width == 1 && s.stride > 1 ? 8 : 1;
}

template <typename Description>
Call call_of(const ConvShape& shape, const Workshop& workshop, const Description& description,
             std::span<const Wish> wishes) {
  return {dnnl::primitive(description.get()), workshop.engine, wishes,
          scratch_factor(shape) * description.scratchpad_desc().get_size()};
}

// A factor of a product; `wanted` where oneDNN chose the order.
Wish factor(int index, const Tensor& tensor, Factors factors, const dnnl::memory::desc& wanted) {
  return {index, tensor.plain, wanted, false, factors == Factors::kF32LikeBf16};
}

}  // namespace

Call make_forward(const ConvShape& shape, const Workshop& workshop) {
  const LayerTensors t = tensors_of(shape, workshop);
  const auto description = forward_of(shape, t, workshop.engine);
  return call_of(
      shape, workshop, description,
      std::array{factor(DNNL_ARG_SRC, t.in, workshop.factors, t.in.factor),
                 factor(DNNL_ARG_WEIGHTS, t.weight, workshop.factors, description.weights_desc()),
                 Wish{DNNL_ARG_BIAS, t.bias, t.bias},
                 Wish{DNNL_ARG_DST, t.out.result, t.out.result, true}});
}

Call make_backward_data(const ConvShape& shape, const Workshop& workshop) {
  const LayerTensors t = tensors_of(shape, workshop);
  const auto description = backward_data_of(shape, t, workshop.engine);
  return call_of(
      shape, workshop, description,
      std::array{factor(DNNL_ARG_WEIGHTS, t.weight, workshop.factors, description.weights_desc()),
                 factor(DNNL_ARG_DIFF_DST, t.out, workshop.factors, t.out.factor),
                 Wish{DNNL_ARG_DIFF_SRC, t.in.result, t.in.result, true}});
}

Call make_backward_weight(const ConvShape& shape, const Workshop& workshop) {
  const LayerTensors t = tensors_of(shape, workshop);
  const auto description = backward_weight_of(shape, t, workshop.engine);
  return call_of(shape, workshop, description,
                 std::array{factor(DNNL_ARG_SRC, t.in, workshop.factors, t.in.factor),
                            factor(DNNL_ARG_DIFF_DST, t.out, workshop.factors, t.out.factor),
                            Wish{DNNL_ARG_DIFF_WEIGHTS, t.weight.plain,
                                 description.diff_weights_desc(), true}});
}

}  // namespace kernels::cpu
