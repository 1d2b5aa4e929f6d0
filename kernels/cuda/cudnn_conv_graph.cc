#include "kernels/cuda/cudnn_conv_graph.h"

#include <utility>

#include "kernels/cuda/conv_tensors.h"
#include "kernels/cuda/cudnn_parts.h"

namespace kernels::cuda {
namespace {

using Raw = Parts::Raw;

cudnnDataType_t factor_type(Precision precision) {
  return precision == Precision::kBf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

// How the three convolutions call the same things.
struct Names {
  cudnnBackendDescriptorType_t operation;
  cudnnBackendAttributeName_t in;
  cudnnBackendAttributeName_t weight;
  cudnnBackendAttributeName_t out;
  cudnnBackendAttributeName_t convolution;
  cudnnBackendAttributeName_t alpha;
  cudnnBackendAttributeName_t beta;
};

Names names_of(ConvOperation operation) {
  switch (operation) {
    case ConvOperation::kForward:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case ConvOperation::kBackwardWeight:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
    case ConvOperation::kBackwardData:
      break;
  }
  return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
}

// Our kernels are not turned around before they slide, which cuDNN calls cross correlation.
Raw convolution_of(Parts& parts, const ConvShape& shape) {
  constexpr std::int64_t kSpatialDims = 2;
  const ConvWindow padding = window_of(shape.padding);
  return parts.add(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR,
                   {attribute(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT),
                    attribute(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION),
                    attribute(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, kSpatialDims),
                    attribute(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, padding),
                    attribute(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, padding),
                    attribute(CUDNN_ATTR_CONVOLUTION_DILATIONS, window_of(1)),
                    attribute(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, window_of(shape.stride))});
}

// What the convolution writes, and its name where that lies in memory.
struct Written {
  TensorLayout tensor;
  std::int64_t id;
};

Written written_by(const ConvKey& key) {
  switch (key.operation) {
    case ConvOperation::kForward:
      return {out_tensor(key.shape), kOutId};
    case ConvOperation::kBackwardWeight:
      return {weight_tensor(key.shape), kWeightId};
    case ConvOperation::kBackwardData:
      break;
  }
  return {in_tensor(key.shape), kInId};
}

// The convolution of the key, which writes `result` and adds nothing to what was there.
Raw convolve(Parts& parts, const ConvKey& key, Raw result) {
  const auto operand = [&](ConvOperation writes_it, const TensorLayout& shape, std::int64_t id) {
    if (key.operation == writes_it) return result;
    return parts.tensor(shape, {.id = id, .type = factor_type(key.precision)});
  };
  using enum ConvOperation;
  const Raw in = operand(kBackwardData, in_tensor(key.shape), kInId);
  const Raw weight = operand(kBackwardWeight, weight_tensor(key.shape), kWeightId);
  const Raw out = operand(kForward, out_tensor(key.shape), kOutId);
  const Raw convolution = convolution_of(parts, key.shape);
  const Names names = names_of(key.operation);
  return parts.add(names.operation,
                   {attribute(names.in, in), attribute(names.weight, weight),
                    attribute(names.out, out), attribute(names.convolution, convolution),
                    attribute(names.alpha, 1.0F), attribute(names.beta, 0.0F)});
}

// to = mode(from), or from + bias
Raw pointwise(Parts& parts, const ConvKey& key, cudnnPointwiseMode_t mode, Raw from, Raw to) {
  const Raw what = parts.add(CUDNN_BACKEND_POINTWISE_DESCRIPTOR,
                             {attribute(CUDNN_ATTR_POINTWISE_MODE, mode),
                              attribute(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT)});
  const Attribute mode_of = attribute(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, what);
  const Attribute reads = attribute(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, from);
  const Attribute writes = attribute(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, to);
  constexpr auto kOperation = CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR;
  if (mode != CUDNN_POINTWISE_ADD) return parts.add(kOperation, {mode_of, reads, writes});
  const Raw bias = parts.tensor(bias_tensor(key.shape), {.id = kBiasId});
  return parts.add(kOperation,
                   {mode_of, reads, writes, attribute(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, bias)});
}

// What follows the convolution, number by number. Precompiled engines write bf16 results of bf16
// factors. Those that compile a graph of several operations write f32 (cuDNN documentation,
// "Generic Runtime Fusion Engines"), so there one more follows, which changes nothing: without it
// cuDNN 9.19 suggests precompiled ones for lone convolutions and for those with bias and ReLU.
std::vector<cudnnPointwiseMode_t> steps_after(const ConvKey& key) {
  std::vector<cudnnPointwiseMode_t> steps;
  if (key.bias) steps.push_back(CUDNN_POINTWISE_ADD);
  if (key.shape.activation == Activation::kRelu) steps.push_back(CUDNN_POINTWISE_RELU_FWD);
  if (key.precision == Precision::kBf16) steps.push_back(CUDNN_POINTWISE_IDENTITY);
  return steps;
}

// The convolution, then those steps: only what the last of them writes lies in memory.
std::vector<Raw> operations_of(Parts& parts, const ConvKey& key) {
  const std::vector<cudnnPointwiseMode_t> steps = steps_after(key);
  const Written written = written_by(key);
  std::size_t left = steps.size();
  std::int64_t unused_id = kBiasId;
  const auto next_result = [&] {
    if (left == 0) return parts.tensor(written.tensor, {.id = written.id});
    --left;
    return parts.tensor(written.tensor, {.id = ++unused_id, .in_memory = false});
  };
  Raw result = next_result();
  std::vector<Raw> operations{convolve(parts, key, result)};
  for (const cudnnPointwiseMode_t mode : steps) {
    const Raw from = result;
    result = next_result();
    operations.push_back(pointwise(parts, key, mode, from, result));
  }
  return operations;
}

}  // namespace

runtime::Result<std::vector<Descriptor>> graph_of(cudnnHandle_t handle, const ConvKey& key) {
  Parts parts;
  const std::vector<Raw> operations = operations_of(parts, key);
  return std::move(parts).graph_of(handle, operations);
}

}  // namespace kernels::cuda
