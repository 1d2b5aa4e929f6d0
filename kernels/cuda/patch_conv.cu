#include "kernels/cuda/patch_conv.h"

#include <algorithm>

#include "kernels/cuda/conv_places.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/layer.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

// Patches take several times the input's memory, so a large batch goes in pieces of whole images:
// this many numbers (256 MiB) at a time, or one image.
constexpr std::size_t kPatchNumbersMax = std::size_t{64} << 20U;

// Of one group.
struct Patches : ConvPlaces {
  explicit Patches(const ConvShape& shape)
      : ConvPlaces(shape),
        channels(shape.in_channels / shape.groups),
        all_channels(shape.in_channels) {}

  std::size_t channels;
  std::size_t all_channels;

  [[nodiscard]] std::size_t in_pixels() const { return in_height * in_width; }
  [[nodiscard]] std::size_t image_in() const { return in_pixels() * all_channels; }
  [[nodiscard]] std::size_t image_pixels() const { return out_height * out_width; }
  [[nodiscard]] std::size_t patch() const { return kernel_height * kernel_width * channels; }
  [[nodiscard]] std::size_t images_at_once(std::size_t batch) const {
    return std::min(batch, std::max<std::size_t>(kPatchNumbersMax / (image_pixels() * patch()), 1));
  }
};

// Number `i` of the patches: an element of the input, or padding.
__device__ float patch_element(const Patches& p, std::size_t i, const float* in) {
  const std::size_t c = i % p.channels;
  i /= p.channels;
  const std::size_t kx = i % p.kernel_width;
  i /= p.kernel_width;
  const std::size_t ky = i % p.kernel_height;
  i /= p.kernel_height;
  const std::size_t ox = i % p.out_width;
  i /= p.out_width;
  const std::size_t oy = i % p.out_height;
  const std::size_t image = i / p.out_height;
  const std::size_t y = input_at(p, oy, ky);
  const std::size_t x = input_at(p, ox, kx);
  if (y >= p.in_height || x >= p.in_width) return 0;
  return in[((image * p.in_height + y) * p.in_width + x) * p.all_channels + c];
}

// The gradient of number `i` of the group's input, gathered from all patches that hold it: no two
// threads write one number.
__device__ float gather(const Patches& p, std::size_t i, const float* d_patches) {
  const std::size_t c = i % p.channels;
  i /= p.channels;
  const std::size_t x = i % p.in_width;
  i /= p.in_width;
  const std::size_t y = i % p.in_height;
  const std::size_t image = i / p.in_height;
  float sum = 0;
  for (std::size_t ky = 0; ky < p.kernel_height; ++ky) {
    const std::size_t oy = output_at(p, y, ky, p.out_height);
    for (std::size_t kx = 0; oy < p.out_height && kx < p.kernel_width; ++kx) {
      const std::size_t ox = output_at(p, x, kx, p.out_width);
      if (ox == p.out_width) continue;
      const std::size_t pixel = (image * p.out_height + oy) * p.out_width + ox;
      sum += d_patches[((pixel * p.kernel_height + ky) * p.kernel_width + kx) * p.channels + c];
    }
  }
  return sum;
}

void lay_out(Device& device, const Patches& p, std::size_t images, const float* in,
             float* patches) {
  CUDA_CHECK(launch(device.stream(), images * p.image_pixels() * p.patch(),
                    [=] __device__(std::size_t i) { patches[i] = patch_element(p, i, in); }));
}

void gather_all(Device& device, const Patches& p, std::size_t images, const float* d_patches,
                float* d_in) {
  CUDA_CHECK(
      launch(device.stream(), images * p.in_pixels() * p.channels, [=] __device__(std::size_t i) {
        d_in[i / p.channels * p.all_channels + i % p.channels] = gather(p, i, d_patches);
      }));
}

// Where one group's share of some images begins in what a layer reads and writes.
struct Share {
  std::size_t in;
  std::size_t weight;
  std::size_t out;
};

// Calls action(images, share) for every group of every piece of the batch.
template <typename Action>
void for_shares(const ConvShape& shape, const Patches& p, Action action) {
  const std::size_t at_once = p.images_at_once(shape.batch);
  for (std::size_t image = 0; image < shape.batch; image += at_once)
    for (std::size_t group = 0; group < shape.groups; ++group)
      action(std::min(at_once, shape.batch - image),
             Share{.in = image * p.image_in() + group * p.channels,
                   .weight = group * (shape.weight_count() / shape.groups),
                   .out = image * p.image_pixels() * shape.out_channels +
                          group * (shape.out_channels / shape.groups)});
}

float* patches_room(Device& device, const ConvShape& shape, const Patches& p) {
  return device.scratch<float>(p.images_at_once(shape.batch) * p.image_pixels() * p.patch());
}

}  // namespace

void multiply_patches(Device& device, const ConvShape& shape, const ConvForward& pass) {
  const Patches p(shape);
  float* const patches = patches_room(device, shape, p);
  for_shares(shape, p, [&](std::size_t images, const Share& share) {
    lay_out(device, p, images, pass.in + share.in, patches);
    multiply(device,
             {.rows = images * p.image_pixels(),
              .columns = shape.out_channels / shape.groups,
              .inner = p.patch(),
              .b_transposed = true,
              .c_step = shape.out_channels},
             patches, pass.weight + share.weight, pass.out + share.out);
  });
}

void multiply_patches_backward(Device& device, const ConvShape& shape, const ConvBackward& pass) {
  const Patches p(shape);
  float* const patches = patches_room(device, shape, p);
  const std::size_t channels = shape.out_channels / shape.groups;
  for_shares(shape, p, [&](std::size_t images, const Share& share) {
    const std::size_t pixels = images * p.image_pixels();
    if (pass.d_weight != nullptr) {
      lay_out(device, p, images, pass.in + share.in, patches);
      multiply(device,
               {.rows = channels,
                .columns = p.patch(),
                .inner = pixels,
                .a_transposed = true,
                .add = share.in >= p.image_in(),
                .a_step = shape.out_channels},
               pass.d_out + share.out, patches, pass.d_weight + share.weight);
    }
    if (pass.d_in == nullptr) return;
    // The patches are read by now: their memory takes their gradients.
    multiply(
        device,
        {.rows = pixels, .columns = p.patch(), .inner = channels, .a_step = shape.out_channels},
        pass.d_out + share.out, pass.weight + share.weight, patches);
    gather_all(device, p, images, patches, pass.d_in + share.in);
  });
}

}  // namespace kernels::cuda
