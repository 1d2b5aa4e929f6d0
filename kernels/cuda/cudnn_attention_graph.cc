#include "kernels/cuda/cudnn_attention_graph.h"

#include <utility>

#include "kernels/cuda/attention_tensors.h"
#include "kernels/cuda/cudnn_parts.h"

namespace kernels::cuda {
namespace {

using Raw = Parts::Raw;
using Id = AttentionId;

constexpr auto kFactor = CUDNN_DATA_BFLOAT16;

// What a number of a result is made of: numbers of one, two or three tensors, and along which
// dimension where that matters.
struct Operands {
  Raw x;
  Raw b = nullptr;
  Raw t = nullptr;
  std::int64_t axis = -1;
  cudnnDataType_t computed_in = CUDNN_DATA_FLOAT;
};

// One operation after the other on the tensors of one attention.
class Operations {
 public:
  explicit Operations(const AttentionShape& shape) : shape_(shape) {}

  Raw factor(std::int64_t id, const TensorLayout& layout) {
    return parts_.tensor(layout, {.id = id, .type = kFactor});
  }
  Raw rows(std::int64_t id) { return parts_.tensor(rows_layout(shape_), {.id = id}); }
  Raw value(std::int64_t id) {
    return parts_.tensor(packed({1, 1, 1, 1}), {.id = id, .by_value = true});
  }
  // What lies in no memory.
  Raw between(const TensorLayout& layout, cudnnDataType_t type = CUDNN_DATA_FLOAT) {
    return parts_.tensor(layout, {.id = unused_id_++, .type = type, .in_memory = false});
  }
  Raw scores(cudnnDataType_t type = CUDNN_DATA_FLOAT) {
    return between(scores_layout(shape_), type);
  }

  Raw multiply(Raw a, Raw b, Raw to);
  Raw reduce(cudnnReduceTensorOp_t how, Raw from, Raw to);
  Raw reshape(Raw from, Raw to);
  Raw pointwise(cudnnPointwiseMode_t mode, const Operands& operands, Raw to);
  // The scores, minus infinity where a token does not look.
  Raw masked(Raw from);
  // The transposed of scores, as a factor.
  Raw turned(Raw from) {
    return reshape(from, between(transposed(scores_layout(shape_)), kFactor));
  }

  [[nodiscard]] runtime::Result<std::vector<Descriptor>> graph(cudnnHandle_t handle) && {
    return std::move(parts_).graph_of(handle, operations_);
  }

 private:
  const AttentionShape& shape_;
  Parts parts_;
  std::vector<Raw> operations_;
  std::int64_t unused_id_ = Id::kMinusInfinity + 1;
};

Raw Operations::multiply(Raw a, Raw b, Raw to) {
  const Raw what = parts_.add(CUDNN_BACKEND_MATMUL_DESCRIPTOR,
                              {attribute(CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_DATA_FLOAT)});
  operations_.push_back(parts_.add(CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR,
                                   {attribute(CUDNN_ATTR_OPERATION_MATMUL_DESC, what),
                                    attribute(CUDNN_ATTR_OPERATION_MATMUL_ADESC, a),
                                    attribute(CUDNN_ATTR_OPERATION_MATMUL_BDESC, b),
                                    attribute(CUDNN_ATTR_OPERATION_MATMUL_CDESC, to)}));
  return to;
}

Raw Operations::reduce(cudnnReduceTensorOp_t how, Raw from, Raw to) {
  const Raw what = parts_.add(CUDNN_BACKEND_REDUCTION_DESCRIPTOR,
                              {attribute(CUDNN_ATTR_REDUCTION_OPERATOR, how),
                               attribute(CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_DATA_FLOAT)});
  operations_.push_back(parts_.add(CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR,
                                   {attribute(CUDNN_ATTR_OPERATION_REDUCTION_DESC, what),
                                    attribute(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, from),
                                    attribute(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, to)}));
  return to;
}

Raw Operations::reshape(Raw from, Raw to) {
  operations_.push_back(parts_.add(CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR,
                                   {attribute(CUDNN_ATTR_OPERATION_RESHAPE_XDESC, from),
                                    attribute(CUDNN_ATTR_OPERATION_RESHAPE_YDESC, to)}));
  return to;
}

Raw Operations::pointwise(cudnnPointwiseMode_t mode, const Operands& operands, Raw to) {
  std::vector<Attribute> of_what{attribute(CUDNN_ATTR_POINTWISE_MODE, mode),
                                 attribute(CUDNN_ATTR_POINTWISE_MATH_PREC, operands.computed_in)};
  if (operands.axis >= 0) of_what.push_back(attribute(CUDNN_ATTR_POINTWISE_AXIS, operands.axis));
  const Raw what = parts_.add(CUDNN_BACKEND_POINTWISE_DESCRIPTOR, of_what);
  std::vector<Attribute> all{attribute(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, what),
                             attribute(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, operands.x),
                             attribute(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, to)};
  if (operands.b != nullptr)
    all.push_back(attribute(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, operands.b));
  if (operands.t != nullptr)
    all.push_back(attribute(CUDNN_ATTR_OPERATION_POINTWISE_TDESC, operands.t));
  operations_.push_back(parts_.add(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, all));
  return to;
}

Raw Operations::masked(Raw from) {
  constexpr std::int64_t kLooking = 2;
  constexpr std::int64_t kLookedAt = 3;
  const Raw row =
      pointwise(CUDNN_POINTWISE_GEN_INDEX, {.x = from, .axis = kLooking}, scores(CUDNN_DATA_INT32));
  const Raw column = pointwise(CUDNN_POINTWISE_GEN_INDEX, {.x = from, .axis = kLookedAt},
                               scores(CUDNN_DATA_INT32));
  const Raw looks =
      pointwise(CUDNN_POINTWISE_CMP_GE, {.x = row, .b = column, .computed_in = CUDNN_DATA_BOOLEAN},
                scores(CUDNN_DATA_BOOLEAN));
  return pointwise(CUDNN_POINTWISE_BINARY_SELECT,
                   {.x = from, .b = value(Id::kMinusInfinity), .t = looks}, scores());
}

// s = queries keys^T scale; out = softmax(s) values, as factors; stats = log(sum of exp(s)), each
// row's largest taken out before.
void attend(Operations& make, const AttentionShape& shape) {
  const TensorLayout part = part_layout(shape);
  const TensorLayout row = rows_layout(shape);
  const Raw queries = make.factor(Id::kQueries, part);
  const Raw keys = make.factor(Id::kKeys, transposed(part));
  Raw s = make.multiply(queries, keys, make.scores());
  s = make.pointwise(CUDNN_POINTWISE_MUL, {.x = s, .b = make.value(Id::kScale)}, make.scores());
  if (shape.causal) s = make.masked(s);
  const Raw top = make.reduce(CUDNN_REDUCE_TENSOR_MAX, s, make.between(row));
  s = make.pointwise(CUDNN_POINTWISE_SUB, {.x = s, .b = top}, make.scores());
  s = make.pointwise(CUDNN_POINTWISE_EXP, {.x = s}, make.scores());
  const Raw sum = make.reduce(CUDNN_REDUCE_TENSOR_ADD, s, make.between(row));
  const Raw log = make.pointwise(CUDNN_POINTWISE_LOG, {.x = sum}, make.between(row));
  make.pointwise(CUDNN_POINTWISE_ADD, {.x = top, .b = log}, make.rows(Id::kStats));
  const Raw shares = make.pointwise(CUDNN_POINTWISE_DIV, {.x = s, .b = sum}, make.scores(kFactor));
  make.multiply(shares, make.factor(Id::kValues, part), make.factor(Id::kOut, out_layout(shape)));
}

// What backward reads.
struct Read {
  Raw queries;
  Raw keys;    // transposed
  Raw values;  // transposed
  Raw d_out;
};

// The row's sum of p d_p, which is that of d_out out. Times one, as cuDNN expects it.
Raw sums_of(Operations& make, const AttentionShape& shape, Raw d_out) {
  const Raw out = make.factor(Id::kOut, out_layout(shape));
  const TensorLayout between = heads_layout(shape, shape.channels());
  const Raw product =
      make.pointwise(CUDNN_POINTWISE_MUL, {.x = d_out, .b = out}, make.between(between));
  const Raw sum = make.reduce(CUDNN_REDUCE_TENSOR_ADD, product, make.between(rows_layout(shape)));
  return make.pointwise(CUDNN_POINTWISE_MUL, {.x = sum, .b = make.value(Id::kOne)},
                        make.rows(Id::kSums));
}

// p = exp(s - stats)
Raw shares_again(Operations& make, const AttentionShape& shape, const Read& read, Raw scale) {
  Raw s = make.multiply(read.queries, read.keys, make.scores());
  s = make.pointwise(CUDNN_POINTWISE_MUL, {.x = s, .b = scale}, make.scores());
  s = make.pointwise(CUDNN_POINTWISE_SUB, {.x = s, .b = make.rows(Id::kStats)}, make.scores());
  if (shape.causal) s = make.masked(s);
  return make.pointwise(CUDNN_POINTWISE_EXP, {.x = s}, make.scores());
}

// d_values = p^T d_out; d_p = d_out values^T; d_s = scale p (d_p - sums); d_keys = d_s^T queries;
// d_queries = d_s keys. The last is written in bf16 as it comes out of its product: that form
// cuDNN's own front end takes where results must repeat themselves to the bit. Engines write
// d_queries in f32 as well, with less working memory, and nobody says in which order they add it
// up. Neither form's have CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC.
void attend_backward(Operations& make, const AttentionShape& shape) {
  const TensorLayout part = part_layout(shape);
  const Read read{.queries = make.factor(Id::kQueries, part),
                  .keys = make.factor(Id::kKeys, transposed(part)),
                  .values = make.factor(Id::kValues, transposed(part)),
                  .d_out = make.factor(Id::kDOut, out_layout(shape))};
  const Raw scale = make.value(Id::kScale);
  const Raw sums = sums_of(make, shape, read.d_out);
  const Raw p = shares_again(make, shape, read, scale);
  make.multiply(make.turned(p), read.d_out, make.factor(Id::kDValues, part));
  Raw d = make.multiply(read.d_out, read.values, make.scores());
  d = make.pointwise(CUDNN_POINTWISE_SUB, {.x = d, .b = sums}, make.scores());
  d = make.pointwise(CUDNN_POINTWISE_MUL, {.x = d, .b = p}, make.scores());
  d = make.pointwise(CUDNN_POINTWISE_MUL, {.x = d, .b = scale}, make.scores());
  make.multiply(make.turned(d), read.queries, make.factor(Id::kDKeys, part));
  make.multiply(d, make.reshape(read.keys, make.between(part, kFactor)),
                make.factor(Id::kDQueries, part));
}

}  // namespace

runtime::Result<std::vector<Descriptor>> graph_of(cudnnHandle_t handle, const AttentionKey& key) {
  Operations make(key.shape);
  if (key.backward)
    attend_backward(make, key.shape);
  else
    attend(make, key.shape);
  return std::move(make).graph(handle);
}

}  // namespace kernels::cuda
