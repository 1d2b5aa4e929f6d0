#include "kernels/cuda/norm_moments.h"

#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {

void variances_of(Device& device, const BatchNormShape& shape, const float* inverses,
                  float* variances) {
  const auto epsilon = static_cast<float>(shape.epsilon);
  CUDA_CHECK(launch(device.stream(), shape.channels, [=] __device__(std::size_t c) {
    const float variance = 1 / (inverses[c] * inverses[c]) - epsilon;
    variances[c] = variance < 0 ? 0 : variance;  // what is no number stays so
  }));
}

void inverses_of(Device& device, const BatchNormShape& shape, const float* variances,
                 float* inverses) {
  const auto epsilon = static_cast<float>(shape.epsilon);
  CUDA_CHECK(launch(device.stream(), shape.channels, [=] __device__(std::size_t c) {
    inverses[c] = 1 / sqrtf(variances[c] + epsilon);
  }));
}

}  // namespace kernels::cuda
