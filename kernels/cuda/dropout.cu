#include "kernels/dropout.h"

#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

// kernels/dropout.h's dropout_bits().
__device__ std::uint32_t bits_of(const std::int32_t* key, std::uint32_t index) {
  std::uint32_t bits = index * 0x9e3779b9U + static_cast<std::uint32_t>(key[0]);
  bits = (bits ^ (bits >> 16U)) * 0x85ebca6bU;
  bits = (bits ^ (bits >> 13U) ^ static_cast<std::uint32_t>(key[1])) * 0xc2b2ae35U;
  return bits ^ (bits >> 16U);
}

}  // namespace

void CudaBackend::dropout(const DropoutMask& mask, ConstView key, ConstView in, View out) {
  CHECK(fits(mask, key, in, out));
  const DropoutNumbers numbers(mask);
  const std::uint32_t dropped_below = numbers.dropped_below;
  const auto factor = static_cast<float>(numbers.factor);
  const std::int32_t* const of_mask = key.as<std::int32_t>().data();
  const float* const from = in.as<float>().data();
  float* const to = out.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), in.count(), [=] __device__(std::size_t i) {
    const bool dropped = bits_of(of_mask, static_cast<std::uint32_t>(i)) < dropped_below;
    to[i] = dropped ? 0 : factor * from[i];
  }));
}

}  // namespace kernels::cuda
