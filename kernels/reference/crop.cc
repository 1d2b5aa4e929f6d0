#include "kernels/crop.h"

#include "kernels/fits.h"
#include "kernels/reference/backend.h"

namespace kernels::reference {
namespace {

// Number c of pixel (y, x) of an image that is padded without end.
float padded_at(const CropShape& s, const float* image, std::size_t y, std::size_t x,
                std::size_t c) {
  if (y < s.padding || y - s.padding >= s.height || x < s.padding || x - s.padding >= s.width)
    return 0.0F;
  return image[((y - s.padding) * s.width + x - s.padding) * s.channels + c];
}

}  // namespace

void ReferenceBackend::crop(const CropShape& shape, ConstView table, ConstView picks, View out) {
  CHECK(fits(shape, table, picks, out));
  float* to = out.as<float>().data();
  for (std::size_t n = 0; n < shape.batch; ++n) {
    const CropPick pick = pick_at(shape, picks, n);
    const float* const image =
        table.as<float>().data() + static_cast<std::size_t>(pick.image) * shape.count();
    for (std::size_t y = 0; y < shape.height; ++y)
      for (std::size_t x = 0; x < shape.width; ++x)
        for (std::size_t c = 0; c < shape.channels; ++c) {
          const std::size_t from = pick.mirrored != 0 ? shape.width - 1 - x : x;
          *to++ = padded_at(shape, image, y + static_cast<std::size_t>(pick.top),
                            from + static_cast<std::size_t>(pick.left), c);
        }
  }
}

}  // namespace kernels::reference
