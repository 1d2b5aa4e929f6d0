#include "models/augment.h"

#include <algorithm>

#include "runtime/check.h"

namespace models {
namespace {

// Of one axis: where the window's share of the image begins in it, begins in the window, and ends
// there. The rest of the window is padding.
struct Overlap {
  std::size_t in;
  std::size_t out;
  std::size_t out_end;
};

Overlap overlap_of(std::size_t side, std::size_t padding, std::size_t start) {
  const std::size_t in = start > padding ? start - padding : 0;
  const std::size_t out = start < padding ? padding - start : 0;
  if (in >= side || out >= side) return {.in = 0, .out = side, .out_end = side};
  return {.in = in, .out = out, .out_end = side - in};
}

void mirror_row(std::span<float> row, std::size_t channels) {
  const std::size_t width = row.size() / channels;
  for (std::size_t left = 0, right = width - 1; left < right; ++left, --right)
    std::ranges::swap_ranges(row.subspan(left * channels, channels),
                             row.subspan(right * channels, channels));
}

}  // namespace

Augmentation augmentation_of(const ImageShape& shape) {
  if (shape.channels == 1) return {.padding = 2, .mirror = false};
  return {.padding = 4, .mirror = true};
}

Crop draw_crop(const Augmentation& augmentation, runtime::Random& random) {
  const std::size_t places = 2 * augmentation.padding + 1;
  Crop window;
  window.top = random.below(places);
  window.left = random.below(places);
  window.mirrored = augmentation.mirror && random.below(2) == 1;
  return window;
}

void crop(const CropImages& images, std::size_t padding, const Crop& window) {
  const ImageShape& shape = images.shape;
  CHECK(images.in.size() == shape.count() && images.out.size() == shape.count());
  CHECK(window.top <= 2 * padding && window.left <= 2 * padding);
  const Overlap rows = overlap_of(shape.height, padding, window.top);
  const Overlap columns = overlap_of(shape.width, padding, window.left);
  const std::size_t row_values = shape.width * shape.channels;
  const std::size_t copied = (columns.out_end - columns.out) * shape.channels;
  for (std::size_t y = 0; y < shape.height; ++y) {
    const std::span<float> row = images.out.subspan(y * row_values, row_values);
    if (y < rows.out || y >= rows.out_end || copied == 0) {
      std::ranges::fill(row, 0.0F);
      continue;
    }
    const std::size_t from = (y - rows.out + rows.in) * row_values + columns.in * shape.channels;
    const std::size_t before = columns.out * shape.channels;
    std::ranges::fill(row.first(before), 0.0F);
    std::ranges::copy(images.in.subspan(from, copied), row.subspan(before).begin());
    std::ranges::fill(row.subspan(before + copied), 0.0F);
    if (window.mirrored) mirror_row(row, shape.channels);
  }
}

}  // namespace models
