// The calls for dense layers. With f32, whose backward products are dnnl_sgemm's (onednn.cc), the
// forward pass is oneDNN's inner product on weights in our order, as it picks by itself with AVX2.
// With bf16 all three are its matrix products, on factors in our order too: its inner products ask
// for weights in blocks, and are slower by as much as that copy takes (AMX, 784 inputs, 512
// outputs, batch 64: forward 0.10 ms instead of 0.29, gradient of the weights 0.06 instead of
// 0.26).
#include <array>

#include "kernels/cpu/onednn_describe.h"
#include "kernels/cpu/onednn_layers.h"

namespace kernels::cpu {
namespace {

using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

// A matrix as the caller has it, and as a factor of a product.
struct Matrix {
  dnnl::memory::desc plain;
  dnnl::memory::desc factor;
};

// `order`: Tag::ab, or Tag::ba for one that lies transposed. `rounded`: the caller has bf16.
Matrix matrix(std::size_t rows, std::size_t columns, Tag order, Factors factors,
              bool rounded = false) {
  const dnnl::memory::dims dims{dim(rows), dim(columns)};
  return {{dims, rounded ? Type::bf16 : Type::f32, order},
          {dims, factors == Factors::kBf16 ? Type::bf16 : Type::f32, order}};
}

Wish factor(int index, const Matrix& matrix, Factors factors) {
  return {index, matrix.plain, matrix.factor, false, factors == Factors::kF32LikeBf16};
}

template <typename Description>
Call call_of(const Workshop& workshop, const Description& description,
             std::span<const Wish> wishes) {
  return {dnnl::primitive(description.get()), workshop.engine, wishes,
          description.scratchpad_desc().get_size()};
}

// Operands: in, weight, bias, out.
template <typename Description>
Call forward_call(const Workshop& w, const Description& description, const Matrix& in,
                  const Matrix& weight, const dnnl::memory::desc& bias,
                  const dnnl::memory::desc& out) {
  return call_of(
      w, description,
      std::array{factor(DNNL_ARG_SRC, in, w.factors), factor(DNNL_ARG_WEIGHTS, weight, w.factors),
                 Wish{DNNL_ARG_BIAS, bias, bias}, Wish{DNNL_ARG_DST, out, out, true}});
}

Call inner_product(const DenseShape& s, const Workshop& w) {
  const Matrix in = matrix(s.batch, s.inputs, Tag::ab, w.factors);
  const Matrix weight = matrix(s.outputs, s.inputs, Tag::ab, w.factors);
  const Matrix out = matrix(s.batch, s.outputs, Tag::ab, Factors::kF32);
  const dnnl::memory::desc bias({dim(s.outputs)}, Type::f32, Tag::a);
  const auto description = describe<dnnl::inner_product_forward>(
      w.engine, attributes(s.activation), dnnl::prop_kind::forward_training, in.plain, weight.plain,
      bias, out.plain);
  return forward_call(w, description, in, weight, bias, out.plain);
}

// c = a b. Operands: b, a, c.
Call product(const Workshop& w, const Matrix& a, const Matrix& b, const dnnl::memory::desc& c) {
  const auto description =
      describe<dnnl::matmul>(w.engine, attributes(Activation::kNone), a.factor, b.factor, c);
  return call_of(w, description,
                 std::array{factor(DNNL_ARG_WEIGHTS, b, w.factors),
                            factor(DNNL_ARG_SRC, a, w.factors), Wish{DNNL_ARG_DST, c, c, true}});
}

}  // namespace

Call make_forward(const DenseShape& s, const Workshop& w) {
  if (w.factors == Factors::kF32) return inner_product(s, w);
  const Matrix in = matrix(s.batch, s.inputs, Tag::ab, w.factors, w.rounded.in);
  const Matrix weight = matrix(s.inputs, s.outputs, Tag::ba, w.factors, w.rounded.weight);
  const Matrix out = matrix(s.batch, s.outputs, Tag::ab, Factors::kF32, w.rounded.result);
  const dnnl::memory::desc bias({1, dim(s.outputs)}, Type::f32, Tag::ab);
  const auto description = describe<dnnl::matmul>(w.engine, attributes(s.activation), in.factor,
                                                  weight.factor, bias, out.plain);
  return forward_call(w, description, in, weight, bias, out.plain);
}

// d_in = d_out weight
Call make_backward_data(const DenseShape& s, const Workshop& w) {
  return product(w, matrix(s.batch, s.outputs, Tag::ab, w.factors, w.rounded.d_out),
                 matrix(s.outputs, s.inputs, Tag::ab, w.factors, w.rounded.weight),
                 matrix(s.batch, s.inputs, Tag::ab, Factors::kF32, w.rounded.result).plain);
}

// d_weight = d_out^T in
Call make_backward_weight(const DenseShape& s, const Workshop& w) {
  return product(w, matrix(s.outputs, s.batch, Tag::ba, w.factors, w.rounded.d_out),
                 matrix(s.batch, s.inputs, Tag::ab, w.factors, w.rounded.in),
                 matrix(s.outputs, s.inputs, Tag::ab, Factors::kF32).plain);
}

}  // namespace kernels::cpu
