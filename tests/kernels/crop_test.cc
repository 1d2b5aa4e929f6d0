// Windows of padded images: every device cuts what the reference cuts, to the bit.
#include "kernels/crop.h"

#include <vector>

#include "tests/kernels/operands.h"
#include "tests/support/catch.h"

namespace {

using kernels::CropShape;

std::vector<std::int32_t> random_picks(const CropShape& shape, runtime::Random& random) {
  const auto below = [&](std::size_t end) { return static_cast<std::int32_t>(random.below(end)); };
  std::vector<std::int32_t> picks;
  for (std::size_t n = 0; n < shape.batch; ++n)
    for (const std::size_t end :
         {shape.images, 2 * shape.padding + 1, 2 * shape.padding + 1, std::size_t{2}})
      picks.push_back(below(end));
  return picks;
}

std::vector<float> cut(operands::Backend& backend, const CropShape& shape,
                       const std::vector<float>& table, const std::vector<std::int32_t>& picks) {
  kernels::Buffer images = backend.allocate(table.size(), kernels::Scalar::kF32);
  kernels::Buffer numbers = backend.allocate(picks.size(), kernels::Scalar::kI32);
  kernels::Buffer out = backend.allocate(shape.batch * shape.count(), kernels::Scalar::kF32);
  backend.upload(std::span<const float>(table), images.view());
  backend.upload(std::span<const std::int32_t>(picks), numbers.view());
  backend.crop(shape, images.view(), numbers.view(), out.view());
  std::vector<float> result(out.count());
  backend.download(out.view(), std::span(result));
  return result;
}

}  // namespace

TEST_CASE("windows are the reference's on every device") {
  const auto reference = operands::open_reference();
  runtime::Random random(1);
  for (const CropShape& shape :
       {CropShape{1, 1, 1, 1, 1, 0}, CropShape{3, 2, 1, 7, 2, 1}, CropShape{40, 5, 5, 6, 3, 4},
        CropShape{9, 3, 4, 3, 1, 6}, CropShape{64, 100, 32, 32, 3, 4}}) {
    CAPTURE(shape.height, shape.width, shape.channels, shape.padding);
    const auto table = operands::random_numbers<float>(shape.images * shape.count(), random);
    const auto picks = random_picks(shape, random);
    const std::vector<float> expected = cut(*reference, shape, table, picks);
    for (const auto& device : operands::devices()) {
      CAPTURE(device->description());
      CHECK(cut(*device, shape, table, picks) == expected);
    }
  }
}

TEST_CASE("a window without padding is the image, one to the side begins with its padding") {
  const auto reference = operands::open_reference();
  const std::vector<float> table{1, 2, 3, 4, 5, 6};
  CHECK(cut(*reference, {2, 2, 1, 3, 1, 0}, table, {1, 0, 0, 0, 0, 0, 0, 1}) ==
        std::vector<float>{4, 5, 6, 3, 2, 1});
  CHECK(cut(*reference, {2, 2, 1, 3, 1, 1}, table, {0, 1, 0, 0, 1, 1, 2, 1}) ==
        std::vector<float>{0, 1, 2, 0, 6, 5});
}
