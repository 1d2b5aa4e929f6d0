#include "models/augment.h"

namespace models {

Augmentation augmentation_of(const ImageShape& shape) {
  if (shape.channels == 1) return {.padding = 2, .mirror = false};
  return {.padding = 4, .mirror = true};
}

kernels::CropPick draw_crop(const Augmentation& augmentation, std::uint32_t image,
                            runtime::Random& random) {
  const std::size_t places = 2 * augmentation.padding + 1;
  kernels::CropPick pick{.image = static_cast<std::int32_t>(image)};
  pick.top = static_cast<std::int32_t>(random.below(places));
  pick.left = static_cast<std::int32_t>(random.below(places));
  pick.mirrored = augmentation.mirror && random.below(2) == 1 ? 1 : 0;
  return pick;
}

}  // namespace models
