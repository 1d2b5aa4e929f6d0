#include <cstdint>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/payloads.h"
#include "kernels/cuda/status.h"
#include "kernels/permutation.h"

namespace kernels::cuda {
namespace {

constexpr std::size_t kSeedWords = sizeof(std::uint64_t) / sizeof(std::uint32_t);

}  // namespace

void keep_drawn(Device& device, const cells::Coding& coding, const float* x, std::size_t count,
                View payload) {
  auto* const seed = static_cast<std::uint32_t*>(payload.data());
  float* const kept = static_cast<float*>(payload.data()) + kSeedWords;
  const std::uint64_t bits = coding.seed;
  const Permutation permutation(bits, count);
  CUDA_CHECK(launch(device.stream(), kSeedWords, [=] __device__(std::size_t word) {
    seed[word] = static_cast<std::uint32_t>(bits >> (32U * word));
  }));
  CUDA_CHECK(launch(device.stream(), coding.kept,
                    [=] __device__(std::size_t i) { kept[i] = x[permutation(i)]; }));
}

void place_drawn(Device& device, const cells::Coding& coding, ConstView payload, float* x,
                 std::size_t count) {
  const float* const kept = static_cast<const float*>(payload.data()) + kSeedWords;
  const Permutation permutation(coding.seed, count);
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) { x[i] = 0.0F; }));
  CUDA_CHECK(launch(device.stream(), coding.kept,
                    [=] __device__(std::size_t i) { x[permutation(i)] = kept[i]; }));
}

}  // namespace kernels::cuda
