#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

constexpr float kInverseRoot2 = 0.707106781F;
constexpr float kDensityAtZero = 0.398942280F;  // 1 / sqrt(2 pi)

// P(X <= x) of a normal X. By erfc: 1 + erf(x) would lose the small numbers on the left.
__device__ float share_below(float x) { return 0.5F * erfcf(-x * kInverseRoot2); }

}  // namespace

void CudaBackend::gelu_forward(ConstView in, View out) {
  CHECK(in.count() == out.count());
  const float* const from = in.as<float>().data();
  float* const to = out.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), in.count(),
                    [=] __device__(std::size_t i) { to[i] = from[i] * share_below(from[i]); }));
}

void CudaBackend::gelu_backward(ConstView in, ConstView d_out, View d_in) {
  CHECK(in.count() == d_out.count() && in.count() == d_in.count());
  const float* const x = in.as<float>().data();
  const float* const from = d_out.as<float>().data();
  float* const to = d_in.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), in.count(), [=] __device__(std::size_t i) {
    const float density = expf(-0.5F * x[i] * x[i]) * kDensityAtZero;
    to[i] = from[i] * (share_below(x[i]) + x[i] * density);
  }));
}

}  // namespace kernels::cuda
