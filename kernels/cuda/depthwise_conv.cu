#include "kernels/cuda/depthwise_conv.h"

#include "kernels/cuda/conv_places.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/cuda/sum_columns.h"
#include "kernels/precision.h"

namespace kernels::cuda {
namespace {

struct Channels : ConvPlaces {
  Channels(const ConvShape& shape, Precision of_factors)
      : ConvPlaces(shape),
        in_channels(shape.in_channels),
        out_channels(shape.out_channels),
        precision(of_factors) {}

  std::size_t in_channels;
  std::size_t out_channels;  // a multiple of in_channels: as many of each
  Precision precision;
};

// A pixel of the input or output, channels aside.
struct Pixel {
  std::size_t image;
  std::size_t y;
  std::size_t x;
};

__device__ Pixel pixel_of(std::size_t i, std::size_t height, std::size_t width) {
  return {i / width / height, i / width % height, i % width};
}

__device__ float factor(const Channels& c, float x) {
  if (c.precision == Precision::kBf16) return nearest_bf16(x);
  return c.precision == Precision::kTf32 ? nearest_tf32(x) : x;
}

// What output channel `to` multiplies at pixel `out` by element (ky, kx) of its kernel.
__device__ float read_at(const Channels& c, const float* in, const Pixel& out, std::size_t to,
                         std::size_t ky, std::size_t kx) {
  const std::size_t y = input_at(c, out.y, ky);
  const std::size_t x = input_at(c, out.x, kx);
  if (y >= c.in_height || x >= c.in_width) return 0;
  const std::size_t pixel = (out.image * c.in_height + y) * c.in_width + x;
  return factor(c, in[pixel * c.in_channels + to / (c.out_channels / c.in_channels)]);
}

__device__ float output_of(const Channels& c, std::size_t i, const float* in, const float* weight) {
  const std::size_t to = i % c.out_channels;
  const Pixel pixel = pixel_of(i / c.out_channels, c.out_height, c.out_width);
  const float* const kernel = weight + to * c.kernel_height * c.kernel_width;
  float sum = 0;
  for (std::size_t ky = 0; ky < c.kernel_height; ++ky)
    for (std::size_t kx = 0; kx < c.kernel_width; ++kx)
      sum += read_at(c, in, pixel, to, ky, kx) * factor(c, kernel[ky * c.kernel_width + kx]);
  return sum;
}

// The gradient of number `i` of the input, from all outputs that read it.
__device__ float input_gradient(const Channels& c, std::size_t i, const float* d_out,
                                const float* weight) {
  const std::size_t each = c.out_channels / c.in_channels;
  const std::size_t first = i % c.in_channels * each;
  const Pixel at = pixel_of(i / c.in_channels, c.in_height, c.in_width);
  float sum = 0;
  for (std::size_t ky = 0; ky < c.kernel_height; ++ky) {
    const std::size_t y = output_at(c, at.y, ky, c.out_height);
    for (std::size_t kx = 0; y < c.out_height && kx < c.kernel_width; ++kx) {
      const std::size_t x = output_at(c, at.x, kx, c.out_width);
      if (x == c.out_width) continue;
      const std::size_t pixel = (at.image * c.out_height + y) * c.out_width + x;
      for (std::size_t to = first; to < first + each; ++to)
        sum += factor(c, d_out[pixel * c.out_channels + to]) *
               factor(c, weight[(to * c.kernel_height + ky) * c.kernel_width + kx]);
    }
  }
  return sum;
}

// A column for each element of each kernel, channels side by side as in memory: what each output
// pixel adds to the element's gradient.
void sum_weight_gradients(Device& device, const Channels& c, std::size_t pixels,
                          const ConvBackward& pass) {
  const std::size_t elements = c.kernel_height * c.kernel_width;
  const std::size_t columns = elements * c.out_channels;
  const float* const in = pass.in;
  const float* const d_out = pass.d_out;
  float* const d_weight = pass.d_weight;
  sum_columns(
      device, pixels, columns,
      [=] __device__(std::size_t i, std::size_t column) {
        const std::size_t to = column % c.out_channels;
        const std::size_t element = column / c.out_channels;
        const std::size_t number = i / columns;
        const Pixel pixel = pixel_of(number, c.out_height, c.out_width);
        return factor(c, d_out[number * c.out_channels + to]) *
               read_at(c, in, pixel, to, element / c.kernel_width, element % c.kernel_width);
      },
      [=] __device__(std::size_t column, float sum) {
        d_weight[column % c.out_channels * elements + column / c.out_channels] = sum;
      });
}

}  // namespace

void convolve_channels(Device& device, const ConvShape& shape, const ConvForward& pass) {
  const Channels c(shape, device.precision());
  const ConvForward p = pass;
  CUDA_CHECK(launch(device.stream(), shape.out_count(),
                    [=] __device__(std::size_t i) { p.out[i] = output_of(c, i, p.in, p.weight); }));
}

void convolve_channels_backward(Device& device, const ConvShape& shape, const ConvBackward& pass) {
  const Channels c(shape, device.precision());
  if (pass.d_weight != nullptr)
    sum_weight_gradients(device, c, shape.batch * c.out_height * c.out_width, pass);
  if (pass.d_in == nullptr) return;
  const ConvBackward p = pass;
  CUDA_CHECK(launch(device.stream(), shape.in_count(), [=] __device__(std::size_t i) {
    p.d_in[i] = input_gradient(c, i, p.d_out, p.weight);
  }));
}

}  // namespace kernels::cuda
