#include "kernels/cuda/cudnn_norm_graph.h"

#include <utility>

#include "kernels/cuda/cudnn_parts.h"

namespace kernels::cuda {
namespace {

using Raw = Parts::Raw;
using Id = NormId;

// One operation after the other on the tensors of one normalisation.
class Operations {
 public:
  explicit Operations(const NormKey& key) : key_(key) {}

  void forward();
  void backward();

  [[nodiscard]] runtime::Result<std::vector<Descriptor>> graph(cudnnHandle_t handle) && {
    return std::move(parts_).graph_of(handle, operations_);
  }

 private:
  Raw pixels(std::int64_t id) { return parts_.tensor(pixels_tensor(key_), {.id = id}); }
  Raw channels(std::int64_t id) { return parts_.tensor(channels_tensor(key_), {.id = id}); }
  // What the next step writes: in no memory, but for the last of them.
  Raw next_result();
  void normalise(Raw to);
  // to = mode(from), or from + what is added
  void follow(cudnnPointwiseMode_t mode, Raw from, Raw to);

  const NormKey& key_;
  Parts parts_;
  std::vector<Raw> operations_;
  std::size_t steps_left_ = 0;
  std::int64_t unused_id_ = Id::kFirstUnused;
};

Raw Operations::next_result() {
  if (steps_left_ == 0) return pixels(Id::kOut);
  --steps_left_;
  return parts_.tensor(pixels_tensor(key_), {.id = unused_id_++, .in_memory = false});
}

// No running statistics: those are the layer's (models/layers/batchnorm.cc).
void Operations::normalise(Raw to) {
  const Raw in = pixels(Id::kIn);
  const Raw mean = channels(Id::kMean);
  const Raw inverse = channels(Id::kInverse);
  const Raw scale = channels(Id::kScale);
  const Raw shift = channels(Id::kShift);
  const Raw epsilon = parts_.tensor(packed({1, 1, 1, 1}), {.id = Id::kEpsilon, .by_value = true});
  operations_.push_back(
      parts_.add(CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR,
                 {attribute(CUDNN_ATTR_OPERATION_NORM_FWD_MODE, CUDNN_BATCH_NORM),
                  attribute(CUDNN_ATTR_OPERATION_NORM_FWD_PHASE, CUDNN_NORM_FWD_TRAINING),
                  attribute(CUDNN_ATTR_OPERATION_NORM_FWD_XDESC, in),
                  attribute(CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC, mean),
                  attribute(CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC, inverse),
                  attribute(CUDNN_ATTR_OPERATION_NORM_FWD_SCALE_DESC, scale),
                  attribute(CUDNN_ATTR_OPERATION_NORM_FWD_BIAS_DESC, shift),
                  attribute(CUDNN_ATTR_OPERATION_NORM_FWD_EPSILON_DESC, epsilon),
                  attribute(CUDNN_ATTR_OPERATION_NORM_FWD_YDESC, to)}));
}

void Operations::follow(cudnnPointwiseMode_t mode, Raw from, Raw to) {
  const Raw what = parts_.add(CUDNN_BACKEND_POINTWISE_DESCRIPTOR,
                              {attribute(CUDNN_ATTR_POINTWISE_MODE, mode),
                               attribute(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT)});
  std::vector<Attribute> all{attribute(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, what),
                             attribute(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, from),
                             attribute(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, to)};
  const Raw added = mode == CUDNN_POINTWISE_ADD ? pixels(Id::kAdded) : nullptr;
  if (added != nullptr) all.push_back(attribute(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, added));
  operations_.push_back(parts_.add(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, all));
}

void Operations::forward() {
  std::vector<cudnnPointwiseMode_t> steps;
  if (key_.added) steps.push_back(CUDNN_POINTWISE_ADD);
  if (key_.activation == Activation::kRelu) steps.push_back(CUDNN_POINTWISE_RELU_FWD);
  steps_left_ = steps.size();
  Raw result = next_result();
  normalise(result);
  for (const cudnnPointwiseMode_t mode : steps) {
    const Raw from = result;
    result = next_result();
    follow(mode, from, result);
  }
}

void Operations::backward() {
  const Raw in = pixels(Id::kIn);
  const Raw mean = channels(Id::kMean);
  const Raw inverse = channels(Id::kInverse);
  const Raw scale = channels(Id::kScale);
  const Raw d_out = pixels(Id::kDOut);
  const Raw d_in = pixels(Id::kDIn);
  const Raw d_scale = channels(Id::kDScale);
  const Raw d_shift = channels(Id::kDShift);
  operations_.push_back(
      parts_.add(CUDNN_BACKEND_OPERATION_NORM_BACKWARD_DESCRIPTOR,
                 {attribute(CUDNN_ATTR_OPERATION_NORM_BWD_MODE, CUDNN_BATCH_NORM),
                  attribute(CUDNN_ATTR_OPERATION_NORM_BWD_XDESC, in),
                  attribute(CUDNN_ATTR_OPERATION_NORM_BWD_MEAN_DESC, mean),
                  attribute(CUDNN_ATTR_OPERATION_NORM_BWD_INV_VARIANCE_DESC, inverse),
                  attribute(CUDNN_ATTR_OPERATION_NORM_BWD_SCALE_DESC, scale),
                  attribute(CUDNN_ATTR_OPERATION_NORM_BWD_DYDESC, d_out),
                  attribute(CUDNN_ATTR_OPERATION_NORM_BWD_DXDESC, d_in),
                  attribute(CUDNN_ATTR_OPERATION_NORM_BWD_DSCALE_DESC, d_scale),
                  attribute(CUDNN_ATTR_OPERATION_NORM_BWD_DBIAS_DESC, d_shift)}));
}

}  // namespace

runtime::Result<std::vector<Descriptor>> graph_of(cudnnHandle_t handle, const NormKey& key) {
  Operations make(key);
  if (key.backward)
    make.backward();
  else
    make.forward();
  return std::move(make).graph(handle);
}

}  // namespace kernels::cuda
