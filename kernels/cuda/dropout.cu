#include "kernels/dropout.h"

#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

// kernels/dropout.h's dropout_bits().
__device__ std::uint32_t bits_of(const DropoutNumbers& numbers, std::uint32_t index) {
  std::uint32_t bits = index * 0x9e3779b9U + numbers.low;
  bits = (bits ^ (bits >> 16U)) * 0x85ebca6bU;
  bits = (bits ^ (bits >> 13U) ^ numbers.high) * 0xc2b2ae35U;
  return bits ^ (bits >> 16U);
}

}  // namespace

void CudaBackend::dropout(const DropoutMask& mask, ConstView in, View out) {
  CHECK(fits(mask, in, out));
  const DropoutNumbers numbers(mask);
  const auto factor = static_cast<float>(numbers.factor);
  const float* const from = in.as<float>().data();
  float* const to = out.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), in.count(), [=] __device__(std::size_t i) {
    const bool dropped = bits_of(numbers, static_cast<std::uint32_t>(i)) < numbers.dropped_below;
    to[i] = dropped ? 0 : factor * from[i];
  }));
}

}  // namespace kernels::cuda
