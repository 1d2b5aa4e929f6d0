#include <cstdint>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/payloads.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

constexpr std::size_t kWordBits = 32;

// kernels::cells::mean_magnitude(), in its order.
void find_mean_magnitude(Device& device, const float* x, std::size_t count, float* mean) {
  double* const lanes = device.scratch<double>(cells::kLanes);
  CUDA_CHECK(launch(device.stream(), cells::kLanes, [=] __device__(std::size_t lane) {
    double sum = 0.0;
    for (std::size_t i = lane; i < count; i += cells::kLanes)
      sum += static_cast<double>(fabsf(x[i]));
    lanes[lane] = sum;
  }));
  CUDA_CHECK(launch(device.stream(), 1, [=] __device__(std::size_t) {
    double sum = 0.0;
    for (std::size_t lane = 0; lane < cells::kLanes; ++lane) sum += lanes[lane];
    *mean = static_cast<float>(sum / static_cast<double>(count));
  }));
}

}  // namespace

void make_signs(Device& device, const float* x, std::size_t count, View payload) {
  find_mean_magnitude(device, x, count, static_cast<float*>(payload.data()));
  auto* const words = static_cast<std::uint32_t*>(payload.data()) + 1;
  CUDA_CHECK(launch(device.stream(), payload.count() - 1, [=] __device__(std::size_t word) {
    std::uint32_t bits = 0;
    for (std::size_t i = word * kWordBits; i < count && i < (word + 1) * kWordBits; ++i)
      bits |= (x[i] < 0.0F ? 1U : 0U) << (i % kWordBits);
    words[word] = bits;
  }));
}

void read_signs(Device& device, ConstView payload, float* x, std::size_t count) {
  const auto* const mean = static_cast<const float*>(payload.data());
  const auto* const words = static_cast<const std::uint32_t*>(payload.data()) + 1;
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    const bool is_minus = ((words[i / kWordBits] >> (i % kWordBits)) & 1U) != 0;
    x[i] = is_minus ? -*mean : *mean;
  }));
}

}  // namespace kernels::cuda
