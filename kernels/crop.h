#pragma once
// Cutting windows out of padded images, on the host: what Backend::crop() means, and what loaders
// do before a batch goes to a device.

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/shapes.h"
#include "kernels/view.h"

namespace kernels {

// What crop() is told of one output, in the order in which a device reads them.
struct CropPick {
  std::int32_t image = 0;  // of the table
  std::int32_t top = 0;    // from the edge of the padding, in [0, 2 * padding], like left
  std::int32_t left = 0;
  std::int32_t mirrored = 0;  // 1: the window the other way round, left and right
};
inline constexpr std::size_t kPickNumbers = sizeof(CropPick) / sizeof(std::int32_t);

// Pick `n` of those that crop() was told, which are i32 in the host's memory: a CHECK that there is
// such an image and such a window.
[[nodiscard]] CropPick pick_at(const CropShape& shape, ConstView picks, std::size_t n);

// out = the window of `image`, whatever number the pick gives it: one image each, shape.count()
// numbers; they must not overlap.
void crop_image(const CropShape& shape, std::span<const float> image, const CropPick& pick,
                std::span<float> out);

}  // namespace kernels
