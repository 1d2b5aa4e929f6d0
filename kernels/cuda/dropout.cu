#include "kernels/dropout.h"

#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/fits.h"

namespace kernels::cuda {
void CudaBackend::dropout(const DropoutMask& mask, ConstView key, ConstView in, View out) {
  CHECK(fits(mask, key, in, out));
  const DropoutNumbers numbers(mask);
  const std::uint32_t dropped_below = numbers.dropped_below;
  const auto factor = static_cast<float>(numbers.factor);
  const std::int32_t* const of_mask = key.as<std::int32_t>().data();
  const float* const from = in.as<float>().data();
  float* const to = out.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), in.count(), [=] __device__(std::size_t i) {
    const std::uint32_t bits = dropout_bits(DropoutKey(of_mask), static_cast<std::uint32_t>(i));
    to[i] = bits < dropped_below ? 0 : factor * from[i];
  }));
}

}  // namespace kernels::cuda
