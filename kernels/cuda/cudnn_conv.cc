#include "kernels/cuda/cudnn_conv.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "kernels/cuda/conv_key.h"
#include "kernels/cuda/conv_tensors.h"
#include "kernels/cuda/cudnn_graph.h"
#include "kernels/cuda/cudnn_plan.h"
#include "kernels/cuda/layer.h"
#include "kernels/cuda/plan_cache.h"
#include "kernels/cuda/status.h"
#include "runtime/check.h"
#include "runtime/log.h"

namespace kernels::cuda {
namespace {

// A resnet50 has 23 shapes, each with a plan or two forward and two backward, and that for each
// batch size. Beyond, what was not used for longest is planned again when it is.
constexpr std::size_t kPlansMax = 1024;

bool is_aligned(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % kAlignmentBytes == 0;
}

void copy(Device& device, std::size_t count, const float* from, float* to) {
  CUDA_CHECK(
      cudaMemcpyAsync(to, from, count * sizeof(float), cudaMemcpyDeviceToDevice, device.stream()));
}

// Numbers that cuDNN reads. Parameters lie anywhere in one vector: what does not suit is copied.
void* numbers(Device& device, CudnnRoom room, const float* from, std::size_t count) {
  if (is_aligned(from)) return const_cast<float*>(from);  // cuDNN's addresses are all of one type
  auto* const to = static_cast<float*>(device.room(room, count * sizeof(float)));
  copy(device, count, from, to);
  return to;
}

// The same of a product's factor: rounded where the device's precision is bf16.
void* factor(Device& device, CudnnRoom room, const float* from, std::size_t count) {
  if (device.precision() != Precision::kBf16) return numbers(device, room, from, count);
  auto* const to = static_cast<std::uint16_t*>(device.room(room, count * sizeof(std::uint16_t)));
  round_factor(device, count, from, to);
  return to;
}

// Where cuDNN writes what belongs at `to`; bring() brings it there.
void* room_for(Device& device, CudnnRoom room, float* to, std::size_t count) {
  return is_aligned(to) ? to : device.room(room, count * sizeof(float));
}
void bring(Device& device, std::size_t count, const void* from, float* to) {
  if (from != to) copy(device, count, static_cast<const float*>(from), to);
}

}  // namespace

struct CudnnConv::State {
  // Empty where there is no engine.
  PlanCache<ConvKey, std::optional<ConvPlan>, ConvKeyHash> plans{kPlansMax};
  std::optional<ConvPlan> none;  // stays empty
  std::size_t without_engine = 0;

  std::optional<ConvPlan>& plan_of(Device& device, const ConvKey& key) {
    if (std::optional<ConvPlan>* const known = plans.find(key)) return *known;
    if (device.is_recording()) {  // finding one may take memory, and kernels to be loaded
      device.spoil_recording();
      return none;
    }
    if (plans.is_full()) {
      device.synchronize();  // what goes may be running
      device.end_epoch();
    }
    std::optional<ConvPlan>& kept = plans.insert(key, {});
    auto plan = counts_in_32_bits(key.shape) ? ConvPlan::find(device.cudnn(), key)
                                             : runtime::Error{"more than 2^31 numbers"};
    if (plan)
      kept = std::move(plan).value();
    else
      say_without_engine(device, key, plan.error());
    return kept;
  }

  // Of a key that has a plan. False, and nothing queued, where it turns out not to be supported.
  bool run(Device& device, const ConvKey& key, ConvData data) {
    std::optional<ConvPlan>& plan = plan_of(device, key);
    CHECK(plan.has_value());
    data.workspace = device.room(CudnnRoom::kWorkspace, plan->workspace_bytes());
    const runtime::Status ran = plan->run(device.cudnn(), data);
    if (ran) return true;
    if (device.is_recording()) {
      device.spoil_recording();
      return false;
    }
    device.synchronize();  // it may have run before
    device.end_epoch();
    plan.reset();
    say_without_engine(device, key, ran.error());
    return false;
  }

  // Of a fused one nothing: its parts are tried next.
  void say_without_engine(const Device& device, const ConvKey& key, const runtime::Error& why) {
    if (key.is_fused()) return;
    ++without_engine;
    runtime::Log(device.name())
        .warn("cuDNN has no engine for a convolution, which cuBLAS does instead: {} ({})",
              text_of(key), why.message);
  }
};

CudnnConv::CudnnConv() : state_(std::make_unique<State>()) {}
CudnnConv::~CudnnConv() = default;

std::size_t CudnnConv::without_engine() const { return state_->without_engine; }

ConvDone CudnnConv::forward(Device& device, const ConvShape& shape, const ConvForward& pass) {
  const ConvKey bare = bare_key(ConvOperation::kForward, shape, device.precision());
  ConvKey whole = bare;
  whole.shape.activation = shape.activation;
  whole.bias = pass.bias != nullptr;
  for (const ConvKey& key : {whole, bare}) {
    if (!state_->plan_of(device, key)) continue;
    ConvData data;
    data.in = factor(device, CudnnRoom::kIn, pass.in, shape.in_count());
    data.weight = factor(device, CudnnRoom::kWeight, pass.weight, shape.weight_count());
    data.out = room_for(device, CudnnRoom::kOut, pass.out, shape.out_count());
    if (key.bias) data.bias = numbers(device, CudnnRoom::kBias, pass.bias, shape.out_channels);
    if (!state_->run(device, key, data)) continue;
    bring(device, shape.out_count(), data.out, pass.out);
    return key == whole ? ConvDone::kAll : ConvDone::kProducts;
  }
  return ConvDone::kNothing;
}

ConvBackwardDone CudnnConv::backward(Device& device, const ConvShape& shape,
                                     const ConvBackward& pass) {
  using enum ConvOperation;
  const ConvKey weight_key = bare_key(kBackwardWeight, shape, device.precision());
  const ConvKey data_key = bare_key(kBackwardData, shape, device.precision());
  ConvBackwardDone done{
      .d_weight = pass.d_weight != nullptr && state_->plan_of(device, weight_key).has_value(),
      .d_in = pass.d_in != nullptr && state_->plan_of(device, data_key).has_value()};
  if (!done.d_weight && !done.d_in) return done;

  ConvData data;
  data.out = factor(device, CudnnRoom::kOut, pass.d_out, shape.out_count());
  if (done.d_weight) {
    data.in = factor(device, CudnnRoom::kIn, pass.in, shape.in_count());
    data.weight = room_for(device, CudnnRoom::kWeight, pass.d_weight, shape.weight_count());
    done.d_weight = state_->run(device, weight_key, data);
    if (done.d_weight) bring(device, shape.weight_count(), data.weight, pass.d_weight);
  }
  if (done.d_in) {
    data.weight = factor(device, CudnnRoom::kWeight, pass.weight, shape.weight_count());
    data.in = room_for(device, CudnnRoom::kIn, pass.d_in, shape.in_count());
    done.d_in = state_->run(device, data_key, data);
    if (done.d_in) bring(device, shape.in_count(), data.in, pass.d_in);
  }
  return done;
}

}  // namespace kernels::cuda
