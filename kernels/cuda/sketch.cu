#include <algorithm>
#include <cstdint>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "runtime/random.h"

namespace kernels::cuda {
namespace {

using runtime::mix_bits;

// Runs are summed in as many parts, so that sums of few numbers keep many threads busy.
constexpr std::size_t kPartsMax = 64;

// Which coordinate of a run goes to this sum.
__device__ std::uint64_t coordinate_of(const SketchShape& s, std::uint64_t run, std::uint64_t sum) {
  const std::uint64_t rotation = mix_bits(s.seed ^ mix_bits(~run));
  return run * s.width + ((sum - rotation) & (s.width - 1));
}

__device__ bool is_negative(const SketchShape& s, std::uint64_t coordinate) {
  constexpr std::uint64_t kSignsPerDraw = 64;
  const std::uint64_t signs = mix_bits(s.seed + mix_bits(coordinate / kSignsPerDraw));
  return ((signs >> (coordinate % kSignsPerDraw)) & 1U) != 0;
}

template <typename T>
void add_parts(Device& device, const SketchShape& shape, std::size_t parts, ConstView x,
               double* sums) {
  const SketchShape s = shape;
  const T* const numbers = x.as<T>().data();
  const std::size_t count = x.count();
  const std::size_t first_run = s.first / s.width;
  const std::size_t end_run = (s.first + count + s.width - 1) / s.width;
  CUDA_CHECK(launch(device.stream(), parts * s.width, [=] __device__(std::size_t i) {
    const std::size_t sum = i % s.width;
    double total = 0;
    for (std::size_t run = first_run + i / s.width; run < end_run; run += parts) {
      const std::size_t coordinate = coordinate_of(s, run, sum);
      if (coordinate < s.first || coordinate - s.first >= count) continue;
      const auto number = static_cast<double>(numbers[coordinate - s.first]);
      total += is_negative(s, coordinate) ? -number : number;
    }
    sums[i] = total;
  }));
}

}  // namespace

void CudaBackend::add_to_sketch(const SketchShape& shape, double scale, ConstView x, View sums) {
  CHECK(shape.width > 0 && (shape.width & (shape.width - 1)) == 0);
  CHECK(is_real(x.scalar()) && sums.count() == shape.width && sums.scalar() == Scalar::kF64);
  if (x.empty()) return;
  const std::size_t width = shape.width;
  const std::size_t parts = std::min(kPartsMax, x.count() / width + 1);
  auto* const of_parts = device_.scratch<double>(parts * width);
  if (x.scalar() == Scalar::kF64)
    add_parts<double>(device_, shape, parts, x, of_parts);
  else
    add_parts<float>(device_, shape, parts, x, of_parts);
  double* const to = sums.as<double>().data();
  CUDA_CHECK(launch(device_.stream(), width, [=] __device__(std::size_t sum) {
    double total = 0;
    for (std::size_t part = 0; part < parts; ++part) total += of_parts[part * width + sum];
    to[sum] += scale * total;
  }));
}

}  // namespace kernels::cuda
