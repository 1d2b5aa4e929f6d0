#include "kernels/crop.h"

#include <algorithm>

#include "runtime/check.h"

namespace kernels {
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

CropPick pick_at(const CropShape& shape, ConstView picks, std::size_t n) {
  const auto numbers = picks.as<std::int32_t>().subspan(n * kPickNumbers, kPickNumbers);
  const CropPick pick{numbers[0], numbers[1], numbers[2], numbers[3]};
  const auto is_below = [](std::int32_t number, std::size_t end) {
    return number >= 0 && static_cast<std::size_t>(number) < end;
  };
  CHECK(is_below(pick.image, shape.images) && is_below(pick.top, 2 * shape.padding + 1) &&
        is_below(pick.left, 2 * shape.padding + 1));
  return pick;
}

void crop_image(const CropShape& shape, std::span<const float> image, const CropPick& pick,
                std::span<float> out) {
  CHECK(image.size() == shape.count() && out.size() == shape.count());
  const auto top = static_cast<std::size_t>(pick.top);
  const auto left = static_cast<std::size_t>(pick.left);
  CHECK(top <= 2 * shape.padding && left <= 2 * shape.padding);
  const Overlap rows = overlap_of(shape.height, shape.padding, top);
  const Overlap columns = overlap_of(shape.width, shape.padding, left);
  const std::size_t row_values = shape.width * shape.channels;
  const std::size_t copied = (columns.out_end - columns.out) * shape.channels;
  for (std::size_t y = 0; y < shape.height; ++y) {
    const std::span<float> row = out.subspan(y * row_values, row_values);
    if (y < rows.out || y >= rows.out_end || copied == 0) {
      std::ranges::fill(row, 0.0F);
      continue;
    }
    const std::size_t from = (y - rows.out + rows.in) * row_values + columns.in * shape.channels;
    const std::size_t before = columns.out * shape.channels;
    std::ranges::fill(row.first(before), 0.0F);
    std::ranges::copy(image.subspan(from, copied), row.subspan(before).begin());
    std::ranges::fill(row.subspan(before + copied), 0.0F);
    if (pick.mirrored != 0) mirror_row(row, shape.channels);
  }
}

}  // namespace kernels
