#include "kernels/cuda/cudnn_attention.h"

#include <cudnn.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/cuda/attention_key.h"
#include "kernels/cuda/attention_tensors.h"
#include "kernels/cuda/cudnn_attention_graph.h"
#include "kernels/cuda/cudnn_plans.h"
#include "kernels/cuda/layer.h"
#include "runtime/log.h"

namespace kernels::cuda {
namespace {

using Id = AttentionId;

// A network has a shape or two, forward and backward, and that for each batch size. Beyond, what
// was not used for longest is planned again when it is.
constexpr std::size_t kPlansMax = 256;

// The first version whose plans were looked at. Those before 9.16 want a mask backward where the
// tokens are no multiple of 128.
constexpr std::size_t kFirstVersion = 91900;

// As much as is always there for a convolution; beyond, what attention takes without cuDNN.
std::size_t workspace_bytes_max(const AttentionShape& shape) {
  constexpr std::size_t kBytesAlways = std::size_t{256} << 20U;
  return std::max(kBytesAlways, 2 * score_count(shape) * sizeof(float));
}

runtime::Result<Plan> find_plan(cudnnHandle_t handle, const AttentionKey& key) {
  if (cudnnGetVersion() < kFirstVersion) return runtime::Error{"cuDNN is older than 9.19"};
  if (!counts_in_32_bits(key.shape)) return runtime::Error{"more than 2^31 numbers"};
  if (may_give_nan(key, cudnnGetVersion()))
    return runtime::Error{"cuDNN before 9.26 may give gradients that are no numbers"};
  const auto graph = graph_of(handle, key);
  if (!graph) return graph.error();
  EngineTerms terms{.tensor_cores = true, .workspace_bytes_max = workspace_bytes_max(key.shape)};
  // The sums of the queries' gradient have a fixed order where the gradient of all scores is kept
  // for one product (kernels/cuda/cudnn_attention_graph.cc). Who has no room for it adds otherwise.
  if (key.backward) terms.workspace_bytes_min = score_count(key.shape) * sizeof(std::uint16_t);
  return Plan::find(handle, *graph, terms);
}

std::uint16_t* bf16_room(Device& device, CudnnRoom room, std::size_t count) {
  return static_cast<std::uint16_t*>(device.room(room, count * sizeof(std::uint16_t)));
}

const std::uint16_t* rounded(Device& device, CudnnRoom room, const float* from, std::size_t count) {
  std::uint16_t* const to = bf16_room(device, room, count);
  round_factor(device, count, from, to);
  return to;
}

// What both passes read, and the forward pass writes.
struct Forward {
  const std::uint16_t* in;
  std::uint16_t* out;
  float* stats;

  [[nodiscard]] PlanData data(const AttentionShape& shape) const {
    PlanData named;
    named.add(Id::kQueries, in + offset_of(shape, AttentionPart::kQueries));
    named.add(Id::kKeys, in + offset_of(shape, AttentionPart::kKeys));
    named.add(Id::kValues, in + offset_of(shape, AttentionPart::kValues));
    named.add(Id::kOut, out);
    named.add(Id::kStats, stats);
    named.add(Id::kScale, 1.0F / std::sqrt(static_cast<float>(shape.width)));
    if (shape.causal) named.add(Id::kMinusInfinity, -std::numeric_limits<float>::infinity());
    return named;
  }
};

Forward forward_of(Device& device, const AttentionShape& shape, const float* in) {
  return {.in = rounded(device, CudnnRoom::kIn, in, shape.in_count()),
          .out = bf16_room(device, CudnnRoom::kOut, shape.out_count()),
          .stats = static_cast<float*>(
              device.room(CudnnRoom::kStats, row_count(shape) * sizeof(float)))};
}

// A lone token takes all of itself in: there is nothing to be had, and backward cuDNN cannot.
bool is_wanted(const Device& device, const AttentionShape& shape) {
  return device.precision() == Precision::kBf16 && shape.tokens > 1;
}

void say_without_engine(const Device& device, const AttentionKey& key, const runtime::Error& why) {
  runtime::Log(device.name())
      .warn("cuDNN has no engine for attention, which is computed in f32 instead: {} ({})",
            text_of(key), why.message);
}

}  // namespace

struct CudnnAttention::State {
  CudnnPlans<AttentionKey, AttentionKeyHash> plans{kPlansMax, find_plan, say_without_engine};
};

CudnnAttention::CudnnAttention() : state_(std::make_unique<State>()) {}
CudnnAttention::~CudnnAttention() = default;

bool CudnnAttention::forward(Device& device, const AttentionShape& shape, const float* in,
                             float* out) {
  const AttentionKey key{.shape = shape};
  if (!is_wanted(device, shape) || !state_->plans.has(device, key)) return false;
  const Forward pass = forward_of(device, shape, in);
  if (!state_->plans.run(device, key, pass.data(shape))) return false;
  widen_factor(device, shape.out_count(), pass.out, out);
  return true;
}

bool CudnnAttention::backward(Device& device, const AttentionShape& shape, const float* in,
                              const float* d_out, float* d_in) {
  const AttentionKey key{.shape = shape};
  const AttentionKey back{.shape = shape, .backward = true};
  if (!is_wanted(device, shape) || !state_->plans.has(device, key) ||
      !state_->plans.has(device, back))
    return false;
  const Forward pass = forward_of(device, shape, in);
  PlanData data = pass.data(shape);
  if (!state_->plans.run(device, key, data)) return false;
  std::uint16_t* const d = bf16_room(device, CudnnRoom::kDIn, shape.in_count());
  data.add(Id::kDOut, rounded(device, CudnnRoom::kDOut, d_out, shape.out_count()));
  data.add(Id::kDQueries, d + offset_of(shape, AttentionPart::kQueries));
  data.add(Id::kDKeys, d + offset_of(shape, AttentionPart::kKeys));
  data.add(Id::kDValues, d + offset_of(shape, AttentionPart::kValues));
  data.add(Id::kSums, device.room(CudnnRoom::kSums, row_count(shape) * sizeof(float)));
  data.add(Id::kOne, 1.0F);
  if (!state_->plans.run(device, back, data)) return false;
  widen_factor(device, shape.in_count(), d, d_in);
  return true;
}

}  // namespace kernels::cuda
