#include "kernels/cpu/direct_conv.h"

#include <algorithm>

#include "kernels/cpu/f32.h"
#include "kernels/cpu/threads.h"
#include "kernels/host_memory.h"

namespace kernels::cpu {
namespace {

// Every block of output channels reads all its weights again for each row of pixels: they must stay
// in a second-level cache (256 KiB).
constexpr std::size_t kWeightsMax = std::size_t{64} << 10U;

std::size_t packed(std::size_t count, std::size_t pack) { return (count + pack - 1) / pack * pack; }

std::size_t padded_width(const ConvShape& s) { return s.in_width + 2 * s.padding; }
std::size_t padded_count(const ConvShape& s) {
  return (s.in_height + 2 * s.padding) * padded_width(s) * s.in_channels;
}
std::size_t image_in(const ConvShape& s) { return s.in_height * s.in_width * s.in_channels; }
std::size_t image_out(const ConvShape& s) {
  return s.out_height() * s.out_width() * s.out_channels;
}

ImageConv image_conv(const ConvShape& s, std::size_t pack) {
  const std::size_t row = padded_width(s) * s.in_channels;
  const std::size_t patch_row = s.kernel_width * s.in_channels;
  return {.out_channels = s.out_channels,
          .out_height = s.out_height(),
          .out_width = s.out_width(),
          .kernel_height = s.kernel_height,
          .patch_row = patch_row,
          .patch_row_packed = packed(patch_row, pack),
          .pixel_step = s.stride * s.in_channels,
          .row_step = row,
          .out_row_step = s.stride * row,
          .relu = s.activation == Activation::kRelu};
}

// Calls action(weight_index, packed_index) for every weight, in the order of the second.
template <typename Action>
void for_blocked_weights(const ImageConv& c, std::size_t pack, Action action) {
  const std::size_t block = conv_block(c.out_channels, pack);
  const std::size_t row = c.kernel_height * c.patch_row;  // of one output channel
  for (std::size_t first = 0; first < c.out_channels; first += block) {
    const std::size_t end = std::min(first + block, c.out_channels);
    const std::size_t at = first / block * row * block;
    for (std::size_t k = 0; k < row; ++k)
      for (std::size_t o = first; o < end; ++o) action(o * row + k, at + k * block + o - first);
  }
}

void grow(Buffer& buffer, std::size_t count) { static_cast<void>(at_least(buffer, count)); }

float* data_of(Buffer& buffer) { return f32(buffer.view()); }

// Calls action(image_row, padded_row) for every row of an image, as where they begin.
template <typename Action>
void for_rows(const ConvShape& s, Action action) {
  for (std::size_t y = 0; y < s.in_height; ++y)
    action(y * s.in_width * s.in_channels,
           ((y + s.padding) * padded_width(s) + s.padding) * s.in_channels);
}

}  // namespace

DirectConv::DirectConv(std::size_t threads, const LayerLoops& loops)
    : loops_(loops), desks_(threads) {}

// Whether the loops compute this shape at all, better than oneDNN for some.
bool DirectConv::takes(const ConvShape& s) const {
  const bool in_packs = s.out_channels < kConvPack || s.out_channels % kConvPack == 0;
  return in_packs && s.groups == 1 && loops_.conv_use != ConvUse::kNever &&
         s.weight_count() <= kWeightsMax;
}

bool DirectConv::suits(const ConvShape& s) const {
  const bool odd = s.out_channels < kConvPack ||
                   (s.in_channels % kConvPack != 0 && s.out_channels <= 2 * kConvPack);
  return takes(s) && (odd || loops_.conv_use == ConvUse::kAlways);
}

bool DirectConv::suits_backward_data(const ConvShape& s) const {
  return takes(s) && s.in_channels % kConvPack != 0;
}

void DirectConv::reserve(const ConvShape& s) {
  const std::size_t channels = packed(s.out_channels, conv_block(s.out_channels, loops_.conv_pack));
  const std::size_t row = packed(s.kernel_width * s.in_channels, loops_.conv_pack);
  const std::size_t weights = s.kernel_height * row * channels;
  grow(weight_, weights);
  grow(bias_, channels);
  for (Desk& desk : desks_) {
    grow(desk.image, padded_count(s) + loops_.conv_pack);
    grow(desk.edge, image_out(s) + loops_.conv_pack);
    grow(desk.d_weight, weights);
  }
}

template <typename Action>
void DirectConv::for_images(std::size_t batch, Action action) {
  for_parts(desks_.size(), [&](std::size_t part) {
    const std::size_t end = batch * (part + 1) / desks_.size();
    for (std::size_t n = batch * part / desks_.size(); n < end; ++n)
      action(desks_[part], n, n + 1 == end);
  });
}

void DirectConv::read(const ImageFactor& from, std::size_t index, std::size_t count,
                      float* to) const {
  switch (from.kind) {
    case ImageFactor::Kind::kPlain:
      std::copy_n(static_cast<const float*>(from.data) + index, count, to);
      return;
    case ImageFactor::Kind::kToBeRounded:
      loops_.round_to_bf16(static_cast<const float*>(from.data) + index, to, count);
      return;
    case ImageFactor::Kind::kBf16:
      loops_.expand_bf16(static_cast<const std::uint16_t*>(from.data) + index, to, count);
  }
}

const float* DirectConv::pad(const ConvShape& s, const ImageFactor& in, std::size_t n,
                             float* room) const {
  const std::size_t first = n * image_in(s);
  if (s.padding == 0 && in.kind == ImageFactor::Kind::kPlain)
    return static_cast<const float*>(in.data) + first;
  const std::size_t width = s.in_width * s.in_channels;
  for_rows(s, [&](std::size_t from, std::size_t to) { read(in, first + from, width, room + to); });
  return room;
}

const float* DirectConv::gradient(const ConvShape& s, const ImageFactor& d_out, std::size_t n,
                                  Desk& desk, bool last) const {
  const std::size_t first = n * image_out(s);
  if (!last && d_out.kind == ImageFactor::Kind::kPlain)
    return static_cast<const float*>(d_out.data) + first;
  read(d_out, first, image_out(s), data_of(desk.edge));
  return data_of(desk.edge);
}

void DirectConv::forward(const ConvShape& shape, const ImageFactor& in, const float* weight,
                         const float* bias, float* out) {
  reserve(shape);
  const ImageConv c = image_conv(shape, loops_.conv_pack);
  float* const ordered = data_of(weight_);
  for_blocked_weights(c, loops_.conv_pack,
                      [&](std::size_t from, std::size_t to) { ordered[to] = weight[from]; });
  std::copy_n(bias, c.out_channels, data_of(bias_));
  for (Desk& desk : desks_) std::fill_n(data_of(desk.image), padded_count(shape), 0.0F);
  const std::size_t count = image_out(shape);
  for_images(shape.batch, [&](Desk& desk, std::size_t n, bool last) {
    const float* const image = pad(shape, in, n, data_of(desk.image));
    float* const to = last ? data_of(desk.edge) : out + n * count;
    loops_.conv(c, image, ordered, data_of(bias_), to);
    if (last) std::copy_n(to, count, out + n * count);
  });
}

void DirectConv::backward_data(const ConvShape& shape, const float* weight,
                               const ImageFactor& d_out, float* d_in) {
  reserve(shape);
  const ImageConv c = image_conv(shape, loops_.conv_pack);
  float* const ordered = data_of(weight_);
  std::fill_n(ordered, c.kernel_height * c.out_channels * c.patch_row_packed, 0.0F);
  for (std::size_t o = 0; o < c.out_channels; ++o)
    for (std::size_t ky = 0; ky < c.kernel_height; ++ky)
      std::copy_n(weight + (o * c.kernel_height + ky) * c.patch_row, c.patch_row,
                  ordered + (ky * c.out_channels + o) * c.patch_row_packed);
  const std::size_t width = shape.in_width * shape.in_channels;
  for_images(shape.batch, [&](Desk& desk, std::size_t n, bool) {
    float* const image = data_of(desk.image);
    std::fill_n(image, padded_count(shape) + loops_.conv_pack, 0.0F);
    loops_.conv_backward_data(c, gradient(shape, d_out, n, desk, false), ordered, image);
    for_rows(shape, [&](std::size_t to, std::size_t from) {
      std::copy_n(image + from, width, d_in + n * image_in(shape) + to);
    });
  });
}

void DirectConv::backward_weight(const ConvShape& shape, const ImageFactor& in,
                                 const ImageFactor& d_out, float* d_weight) {
  reserve(shape);
  const ImageConv c = image_conv(shape, loops_.conv_pack);
  for (Desk& desk : desks_) {
    std::fill_n(data_of(desk.image), padded_count(shape), 0.0F);
    std::fill_n(data_of(desk.d_weight), desk.d_weight.count(), 0.0F);
  }
  for_images(shape.batch, [&](Desk& desk, std::size_t n, bool last) {
    const float* const image = pad(shape, in, n, data_of(desk.image));
    loops_.conv_backward_weight(c, image, gradient(shape, d_out, n, desk, last),
                                data_of(desk.d_weight));
  });
  sum_into(shape, d_weight);
}

void DirectConv::sum_into(const ConvShape& shape, float* d_weight) {
  for_blocked_weights(image_conv(shape, loops_.conv_pack), loops_.conv_pack,
                      [&](std::size_t to, std::size_t from) {
                        float sum = 0.0F;
                        for (Desk& desk : desks_) sum += data_of(desk.d_weight)[from];
                        d_weight[to] = sum;
                      });
}

}  // namespace kernels::cpu
