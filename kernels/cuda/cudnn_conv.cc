#include "kernels/cuda/cudnn_conv.h"

#include <cstdint>

#include "kernels/cuda/conv_key.h"
#include "kernels/cuda/conv_tensors.h"
#include "kernels/cuda/cudnn_conv_graph.h"
#include "kernels/cuda/cudnn_plans.h"
#include "kernels/cuda/cudnn_rooms.h"
#include "kernels/cuda/layer.h"
#include "runtime/log.h"

namespace kernels::cuda {
namespace {

// A resnet50 has 23 shapes, each with a plan or two forward and two backward, and that for each
// batch size. Beyond, what was not used for longest is planned again when it is.
constexpr std::size_t kPlansMax = 1024;

// As much as patches take without cuDNN (kernels/cuda/patch_conv.cu).
constexpr std::size_t kWorkspaceBytesMax = std::size_t{256} << 20U;

// Where the tensors of a convolution lie, a gradient in the place of what it is the gradient of.
struct ConvData {
  void* in = nullptr;
  void* weight = nullptr;
  void* out = nullptr;
  void* bias = nullptr;  // where the key adds one
};

PlanData plan_data(const ConvKey& key, const ConvData& data) {
  PlanData named;
  named.add(kInId, data.in);
  named.add(kWeightId, data.weight);
  named.add(kOutId, data.out);
  if (key.bias) named.add(kBiasId, data.bias);
  return named;
}

runtime::Result<Plan> find_plan(cudnnHandle_t handle, const ConvKey& key) {
  if (!counts_in_32_bits(key.shape)) return runtime::Error{"more than 2^31 numbers"};
  const auto graph = graph_of(handle, key);
  if (!graph) return graph.error();
  // Of f32 numbers tensor cores multiply the first 11 significant bits: that is tf32.
  return Plan::find(handle, *graph,
                    {.tensor_cores = key.precision != Precision::kF32,
                     .workspace_bytes_max = kWorkspaceBytesMax});
}

// Of a product: rounded where the device's precision is bf16.
void* factor(Device& device, CudnnRoom room, const float* from, std::size_t count) {
  if (device.precision() != Precision::kBf16) return numbers(device, room, from, count);
  auto* const to = static_cast<std::uint16_t*>(device.room(room, count * sizeof(std::uint16_t)));
  round_factor(device, count, from, to);
  return to;
}

}  // namespace

struct CudnnConv::State {
  std::size_t without_engine = 0;
  CudnnPlans<ConvKey, ConvKeyHash> plans{
      kPlansMax, find_plan,
      [this](const Device& device, const ConvKey& key, const runtime::Error& why) {
        say_without_engine(device, key, why);
      }};

  bool run(Device& device, const ConvKey& key, const ConvData& data) {
    return plans.run(device, key, plan_data(key, data));
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
    if (!state_->plans.has(device, key)) continue;
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
      .d_weight = pass.d_weight != nullptr && state_->plans.has(device, weight_key),
      .d_in = pass.d_in != nullptr && state_->plans.has(device, data_key)};
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
