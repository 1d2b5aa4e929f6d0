#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

// kernels/crop.h's CropPick. One outside of the table or of the padding traps; the next call that
// asks the device says so.
struct Pick {
  std::size_t image;
  std::size_t top;
  std::size_t left;
  bool mirrored;
};

__device__ Pick pick_at(const CropShape& s, const std::int32_t* picks, std::size_t n) {
  const std::int32_t* const p = picks + 4 * n;
  const Pick pick{static_cast<std::size_t>(p[0]), static_cast<std::size_t>(p[1]),
                  static_cast<std::size_t>(p[2]), p[3] != 0};
  if (pick.image >= s.images || pick.top > 2 * s.padding || pick.left > 2 * s.padding) __trap();
  return pick;
}

}  // namespace

void CudaBackend::crop(const CropShape& shape, ConstView table, ConstView picks, View out) {
  CHECK(fits(shape, table, picks, out));
  const CropShape s = shape;
  const float* const from = table.as<float>().data();
  const std::int32_t* const of = picks.as<std::int32_t>().data();
  float* const to = out.as<float>().data();
  const std::size_t count = shape.count();
  CUDA_CHECK(launch(device_.stream(), shape.batch * count, [=] __device__(std::size_t i) {
    const Pick pick = pick_at(s, of, i / count);
    const std::size_t c = i % s.channels;
    const std::size_t x = i / s.channels % s.width;
    const std::size_t y = i / (s.channels * s.width) % s.height;
    // Left of the image and above it these wrap around to huge numbers: outside as well.
    const std::size_t in_y = y + pick.top - s.padding;
    const std::size_t in_x = (pick.mirrored ? s.width - 1 - x : x) + pick.left - s.padding;
    const bool is_inside = in_y < s.height && in_x < s.width;
    to[i] = is_inside ? from[pick.image * count + (in_y * s.width + in_x) * s.channels + c] : 0;
  }));
}

}  // namespace kernels::cuda
