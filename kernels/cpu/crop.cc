#include "kernels/crop.h"

#include "kernels/cpu/backend.h"
#include "kernels/fits.h"

namespace kernels::cpu {

void CpuBackend::crop(const CropShape& shape, ConstView table, ConstView picks, View out) {
  CHECK(fits(shape, table, picks, out));
  const std::size_t count = shape.count();
  for (std::size_t n = 0; n < shape.batch; ++n) {
    const CropPick pick = pick_at(shape, picks, n);
    crop_image(shape,
               table.as<float>().subspan(static_cast<std::size_t>(pick.image) * count, count), pick,
               out.as<float>().subspan(n * count, count));
  }
}

}  // namespace kernels::cpu
