#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

// PoolShape for the device: its functions are the host's.
struct Windows {
  explicit Windows(const PoolShape& shape)
      : channels(shape.channels),
        in_height(shape.in_height),
        in_width(shape.in_width),
        out_height(shape.out_height()),
        out_width(shape.out_width()),
        window(shape.window),
        stride(shape.stride) {}

  // The place in the input of the upper left corner of window (image, oy, ox), channel c.
  __device__ std::size_t corner(std::size_t image, std::size_t oy, std::size_t ox,
                                std::size_t c) const {
    return ((image * in_height + oy * stride) * in_width + ox * stride) * channels + c;
  }
  // How far element (dy, dx) of a window lies from its corner.
  __device__ std::size_t offset(std::size_t dy, std::size_t dx) const {
    return (dy * in_width + dx) * channels;
  }
  // The place of the largest element of the window at `from`, the first of equals.
  __device__ std::size_t largest(const float* in, std::size_t from) const {
    std::size_t best = from;
    for (std::size_t dy = 0; dy < window; ++dy) {
      for (std::size_t dx = 0; dx < window; ++dx) {
        const std::size_t place = from + offset(dy, dx);
        if (in[place] > in[best]) best = place;
      }
    }
    return best;
  }
  __device__ float sum(const float* in, std::size_t from) const {
    float total = 0;
    for (std::size_t dy = 0; dy < window; ++dy) {
      for (std::size_t dx = 0; dx < window; ++dx) total += in[from + offset(dy, dx)];
    }
    return total;
  }
  // The windows along one axis that position `at` lies in: the first, and one behind the last.
  __device__ std::size_t first_over(std::size_t at) const {
    return at < window ? 0 : (at - window) / stride + 1;
  }
  __device__ std::size_t end_over(std::size_t at, std::size_t out) const {
    return at / stride + 1 < out ? at / stride + 1 : out;
  }

  std::size_t channels;
  std::size_t in_height;
  std::size_t in_width;
  std::size_t out_height;
  std::size_t out_width;
  std::size_t window;
  std::size_t stride;
};

// The gradient of input element `place`, gathered from the windows it lies in: no two threads write
// one number, so no order of theirs can show.
__device__ float gather(const Windows& windows, bool max, std::size_t place, const float* in,
                        const float* d_out) {
  const std::size_t c = place % windows.channels;
  const std::size_t pixel = place / windows.channels;
  const std::size_t x = pixel % windows.in_width;
  const std::size_t y = pixel / windows.in_width % windows.in_height;
  const std::size_t image = pixel / windows.in_width / windows.in_height;
  const auto area = static_cast<float>(windows.window * windows.window);
  float sum = 0;
  for (std::size_t oy = windows.first_over(y); oy < windows.end_over(y, windows.out_height); ++oy) {
    for (std::size_t ox = windows.first_over(x); ox < windows.end_over(x, windows.out_width);
         ++ox) {
      const std::size_t out =
          ((image * windows.out_height + oy) * windows.out_width + ox) * windows.channels + c;
      if (!max) {
        sum += d_out[out] / area;
      } else if (windows.largest(in, windows.corner(image, oy, ox, c)) == place) {
        sum += d_out[out];
      }
    }
  }
  return sum;
}

}  // namespace

void CudaBackend::pool_forward(const PoolShape& shape, ConstView in, View out) {
  CHECK(fits(shape, in, out));
  const Windows windows(shape);
  const bool max = shape.kind == PoolKind::kMax;
  const float* const from = in.as<float>().data();
  float* const to = out.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), out.count(), [=] __device__(std::size_t i) {
    const std::size_t pixel = i / windows.channels;
    const std::size_t corner = windows.corner(pixel / windows.out_width / windows.out_height,
                                              pixel / windows.out_width % windows.out_height,
                                              pixel % windows.out_width, i % windows.channels);
    to[i] = max ? from[windows.largest(from, corner)]
                : windows.sum(from, corner) / static_cast<float>(windows.window * windows.window);
  }));
}

void CudaBackend::pool_backward(const PoolShape& shape, const PoolSaved& saved, ConstView d_out,
                                View d_in) {
  CHECK(fits(shape, saved.in, saved.out) && fits(shape, d_in, d_out));
  const Windows windows(shape);
  const bool max = shape.kind == PoolKind::kMax;
  const float* const in = saved.in.as<float>().data();
  const float* const from = d_out.as<float>().data();
  float* const to = d_in.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), d_in.count(),
                    [=] __device__(std::size_t i) { to[i] = gather(windows, max, i, in, from); }));
}

}  // namespace kernels::cuda
