#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {

void CudaBackend::relu_forward(ConstView in, View out) {
  CHECK(in.count() == out.count());
  const float* const from = in.as<float>().data();
  float* const to = out.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), in.count(),
                    [=] __device__(std::size_t i) { to[i] = from[i] > 0 ? from[i] : 0; }));
}

void CudaBackend::relu_backward(ConstView out, ConstView d_out, View d_in) {
  CHECK(out.count() == d_out.count() && out.count() == d_in.count());
  const float* const passed = out.as<float>().data();
  const float* const from = d_out.as<float>().data();
  float* const to = d_in.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), out.count(),
                    [=] __device__(std::size_t i) { to[i] = passed[i] > 0 ? from[i] : 0; }));
}

}  // namespace kernels::cuda
