#pragma once
// Training images, each time a little different: padded with zeros and cropped to their size again
// at random, and colour images mirrored half of the time. A figure or a digit must not be mirrored:
// it would be another one, or none.

#include <cstddef>
#include <cstdint>

#include "kernels/crop.h"
#include "models/image_shape.h"
#include "runtime/random.h"

namespace models {

// What is done to images of one shape.
struct Augmentation {
  std::size_t padding = 0;  // pixels on each side
  bool mirror = false;
};

// Colour: 4 pixels and mirrored, as is usual for 32x32 (He et al. 2016). Grey: 2 pixels.
[[nodiscard]] Augmentation augmentation_of(const ImageShape& shape);

// A window of image `image`. Normalised values are padded, so zero is the mean of the set and not
// black.
[[nodiscard]] kernels::CropPick draw_crop(const Augmentation& augmentation, std::uint32_t image,
                                          runtime::Random& random);

}  // namespace models
