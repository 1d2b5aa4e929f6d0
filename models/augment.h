#pragma once
// Training images, each time a little different: padded with zeros and cropped to their size again
// at random, and colour images mirrored half of the time. A figure or a digit must not be mirrored:
// it would be another one, or none.

#include <cstddef>
#include <span>

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

// Which window of the padded image, and which way round.
struct Crop {
  std::size_t top = 0;  // from the edge of the padding, at most 2 * padding, like left
  std::size_t left = 0;
  bool mirrored = false;
};

[[nodiscard]] Crop draw_crop(const Augmentation& augmentation, runtime::Random& random);

// An image and what becomes of it, both of shape.count() values; they must not overlap.
struct CropImages {
  ImageShape shape;
  std::span<const float> in;
  std::span<float> out;
};

// Normalised values are padded, so zero is the mean of the set and not black.
void crop(const CropImages& images, std::size_t padding, const Crop& window);

}  // namespace models
