#include "kernels/cuda/cudnn_norm.h"

#include <cudnn.h>

#include "kernels/cuda/cudnn_norm_graph.h"
#include "kernels/cuda/cudnn_plans.h"
#include "kernels/cuda/cudnn_rooms.h"
#include "kernels/cuda/norm_key.h"
#include "kernels/cuda/norm_moments.h"
#include "runtime/log.h"

namespace kernels::cuda {
namespace {

using Id = NormId;

// A resnet50 has a dozen shapes, forward and backward, and that for each batch size. Beyond, what
// was not used for longest is planned again when it is.
constexpr std::size_t kPlansMax = 256;

// The first version whose plans were looked at.
constexpr std::size_t kFirstVersion = 91900;

// Plans that were looked at want less than 1 MiB: sums of the blocks of a kernel.
constexpr std::size_t kWorkspaceBytesMax = std::size_t{64} << 20U;

runtime::Result<Plan> find_plan(cudnnHandle_t handle, const NormKey& key) {
  if (cudnnGetVersion() < kFirstVersion) return runtime::Error{"cuDNN is older than 9.19"};
  if (!counts_in_32_bits(key)) return runtime::Error{"more than 2^31 numbers"};
  const auto graph = graph_of(handle, key);
  if (!graph) return graph.error();
  return Plan::find(handle, *graph, {.workspace_bytes_max = kWorkspaceBytesMax});
}

// Of one row the variance is 0, which cannot be had from 1 / sqrt(epsilon) as exactly.
bool is_wanted(const BatchNormShape& shape) { return shape.rows > 1; }

// cuDNN is not told, and does not say, what it writes over.
bool is_apart(const NormForward& pass) { return pass.out != pass.in && pass.out != pass.added; }
bool is_apart(const NormBackward& pass) { return pass.d_in != pass.d_out && pass.d_in != pass.in; }

float* channels_room(Device& device, CudnnRoom room, const BatchNormShape& shape) {
  return static_cast<float*>(device.room(room, shape.channels * sizeof(float)));
}

void say_without_engine(const Device& device, const NormKey& key, const runtime::Error& why) {
  runtime::Log(device.name())
      .warn("cuDNN has no engine for a batch normalisation, which our kernels do instead: {} ({})",
            text_of(key), why.message);
}

}  // namespace

struct CudnnNorm::State {
  CudnnPlans<NormKey, NormKeyHash> plans{kPlansMax, find_plan, say_without_engine};
};

CudnnNorm::CudnnNorm() : state_(std::make_unique<State>()) {}
CudnnNorm::~CudnnNorm() = default;

bool CudnnNorm::forward(Device& device, const BatchNormShape& shape, const NormForward& pass) {
  const NormKey key = forward_key(shape, pass.added != nullptr);
  if (!is_wanted(shape) || !is_apart(pass) || !state_->plans.has(device, key)) return false;
  const std::size_t channels = shape.channels;
  const float* const inverses = channels_room(device, CudnnRoom::kStats, shape);
  const void* const mean = room_for(device, CudnnRoom::kSums, pass.mean, channels);
  const void* const out = room_for(device, CudnnRoom::kOut, pass.out, shape.count());
  PlanData data;
  data.add(Id::kIn, numbers(device, CudnnRoom::kIn, pass.in, shape.count()));
  data.add(Id::kMean, mean);
  data.add(Id::kInverse, inverses);
  data.add(Id::kScale, numbers(device, CudnnRoom::kWeight, pass.scale, channels));
  data.add(Id::kShift, numbers(device, CudnnRoom::kBias, pass.shift, channels));
  if (key.added) data.add(Id::kAdded, numbers(device, CudnnRoom::kDOut, pass.added, shape.count()));
  data.add(Id::kOut, out);
  data.add(Id::kEpsilon, static_cast<float>(shape.epsilon));
  if (!state_->plans.run(device, key, data)) return false;
  bring(device, channels, mean, pass.mean);
  bring(device, shape.count(), out, pass.out);
  variances_of(device, shape, inverses, pass.variance);
  return true;
}

bool CudnnNorm::backward(Device& device, const BatchNormShape& shape, const NormBackward& pass) {
  const NormKey key = backward_key(shape);
  if (!is_wanted(shape) || !is_apart(pass) || !state_->plans.has(device, key)) return false;
  const std::size_t channels = shape.channels;
  float* const inverses = channels_room(device, CudnnRoom::kStats, shape);
  inverses_of(device, shape, pass.variance, inverses);
  const void* const d_in = room_for(device, CudnnRoom::kDIn, pass.d_in, shape.count());
  const void* const d_scale = room_for(device, CudnnRoom::kBias, pass.d_scale, channels);
  const void* const d_shift = room_for(device, CudnnRoom::kOut, pass.d_shift, channels);
  PlanData data;
  data.add(Id::kIn, numbers(device, CudnnRoom::kIn, pass.in, shape.count()));
  data.add(Id::kMean, numbers(device, CudnnRoom::kSums, pass.mean, channels));
  data.add(Id::kInverse, inverses);
  data.add(Id::kScale, numbers(device, CudnnRoom::kWeight, pass.scale, channels));
  data.add(Id::kDOut, numbers(device, CudnnRoom::kDOut, pass.d_out, shape.count()));
  data.add(Id::kDIn, d_in);
  data.add(Id::kDScale, d_scale);
  data.add(Id::kDShift, d_shift);
  if (!state_->plans.run(device, key, data)) return false;
  bring(device, shape.count(), d_in, pass.d_in);
  bring(device, channels, d_scale, pass.d_scale);
  bring(device, channels, d_shift, pass.d_shift);
  return true;
}

float* CudnnNorm::room_beside(Device& device, const BatchNormShape& shape) {
  if (!is_wanted(shape) || !state_->plans.has(device, backward_key(shape))) return nullptr;
  return static_cast<float*>(device.room(CudnnRoom::kDOut, shape.count() * sizeof(float)));
}

}  // namespace kernels::cuda
