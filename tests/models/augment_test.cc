#include "models/augment.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <vector>

#include "models/loader.h"
#include "tests/support/catch.h"

namespace {

using kernels::CropPick;
using models::Augmentation;
using models::ImageShape;
using Image = std::vector<float>;

constexpr ImageShape kColour{.height = 5, .width = 6, .channels = 3};

// No value twice, none zero.
Image counted(const ImageShape& shape) {
  Image image(shape.count());
  std::iota(image.begin(), image.end(), 1.0F);
  return image;
}

Image cropped(const Image& image, const ImageShape& shape, std::size_t padding,
              const CropPick& window) {
  Image out(image.size(), -1.0F);
  kernels::crop_image({.height = shape.height,
                       .width = shape.width,
                       .channels = shape.channels,
                       .padding = padding},
                      image, window, out);
  return out;
}

// The definition: pads, cuts the window, mirrors.
Image by_definition(const Image& image, const ImageShape& shape, std::size_t padding,
                    const CropPick& window) {
  const ImageShape padded{.height = shape.height + 2 * padding,
                          .width = shape.width + 2 * padding,
                          .channels = shape.channels};
  Image paper(padded.count(), 0.0F);
  const auto at = [](const ImageShape& of, std::size_t y, std::size_t x, std::size_t channel) {
    return (y * of.width + x) * of.channels + channel;
  };
  for (std::size_t y = 0; y < shape.height; ++y)
    for (std::size_t x = 0; x < shape.width; ++x)
      for (std::size_t c = 0; c < shape.channels; ++c)
        paper[at(padded, y + padding, x + padding, c)] = image[at(shape, y, x, c)];
  Image out(image.size());
  for (std::size_t y = 0; y < shape.height; ++y)
    for (std::size_t x = 0; x < shape.width; ++x)
      for (std::size_t c = 0; c < shape.channels; ++c) {
        const std::size_t from = window.mirrored != 0 ? shape.width - 1 - x : x;
        out[at(shape, y, x, c)] = paper[at(padded, y + static_cast<std::size_t>(window.top),
                                           from + static_cast<std::size_t>(window.left), c)];
      }
  return out;
}

// A colour image of its own for every number.
class ColourDataset final : public models::Dataset {
 public:
  [[nodiscard]] std::size_t size() const override { return 40; }
  [[nodiscard]] ImageShape shape() const override { return kColour; }
  [[nodiscard]] std::size_t classes() const override { return 40; }
  [[nodiscard]] std::int32_t label(std::size_t index) const override {
    return static_cast<std::int32_t>(index);
  }
  void read(std::size_t index, std::span<float> out) const override {
    std::iota(out.begin(), out.end(), static_cast<float>(1000 * index + 1));
  }
};

models::LoaderOptions augmented(std::size_t batch) {
  return {.batch = batch, .seed = 5, .augment = true, .ahead = false};
}

std::vector<std::uint32_t> everything() {
  std::vector<std::uint32_t> part(40);
  std::iota(part.begin(), part.end(), 0U);
  return part;
}

// The samples of the next batches, end to end.
Image take(models::Loader& loader, std::size_t batches) {
  Image taken;
  for (std::size_t i = 0; i < batches; ++i) {
    const models::HostBatch& batch = loader.next();
    taken.insert(taken.end(), batch.samples.begin(), batch.samples.end());
  }
  return taken;
}

}  // namespace

TEST_CASE("no padding and no mirror leave an image as it is") {
  const Image image = counted(kColour);
  CHECK(cropped(image, kColour, 0, {}) == image);
  CHECK(cropped(image, kColour, 4, {.top = 4, .left = 4}) == image);
}

TEST_CASE("a mirrored pixel keeps its channels") {
  constexpr ImageShape kRow{.height = 1, .width = 3, .channels = 2};
  CHECK(cropped({1, 2, 3, 4, 5, 6}, kRow, 0, {.mirrored = 1}) == Image{5, 6, 3, 4, 1, 2});
}

TEST_CASE("every crop is a window of the padded image") {
  const auto shape = GENERATE(ImageShape{.height = 1, .width = 1, .channels = 1},
                              ImageShape{.height = 1, .width = 7, .channels = 2}, kColour,
                              ImageShape{.height = 9, .width = 3, .channels = 3});
  const std::size_t padding = GENERATE(0U, 1U, 2U, 4U);  // also wider than the image
  const Image image = counted(shape);
  const auto places = static_cast<std::int32_t>(2 * padding + 1);
  for (std::int32_t top = 0; top < places; ++top)
    for (std::int32_t left = 0; left < places; ++left)
      for (const std::int32_t mirrored : {0, 1}) {
        CAPTURE(shape.height, shape.width, padding, top, left, mirrored);
        const CropPick window{.top = top, .left = left, .mirrored = mirrored};
        CHECK(cropped(image, shape, padding, window) ==
              by_definition(image, shape, padding, window));
      }
}

TEST_CASE("every window is drawn about equally often, mirrored about half of the time") {
  const Augmentation augmentation = models::augmentation_of(kColour);
  REQUIRE(augmentation.padding == 4);
  std::array<std::size_t, 81> windows{};
  std::size_t mirrored = 0;
  constexpr std::size_t kDraws = 81'000;
  runtime::Random random(1);
  for (std::size_t i = 0; i < kDraws; ++i) {
    const CropPick window = models::draw_crop(augmentation, 3, random);
    REQUIRE(window.image == 3);
    REQUIRE(std::min(window.top, window.left) >= 0);
    REQUIRE(std::max(window.top, window.left) <= 8);
    ++windows[static_cast<std::size_t>(9 * window.top + window.left)];
    mirrored += window.mirrored != 0 ? 1U : 0U;
  }
  for (const std::size_t count : windows) CHECK(count == Approx(1000).margin(160));  // 5 deviations
  CHECK(mirrored == Approx(kDraws / 2).margin(712));
}

TEST_CASE("grey images move by two pixels and are never mirrored") {
  const Augmentation augmentation =
      models::augmentation_of({.height = 28, .width = 28, .channels = 1});
  runtime::Random random(2);
  std::set<std::int32_t> tops;
  for (int i = 0; i < 1000; ++i) {
    const CropPick window = models::draw_crop(augmentation, 0, random);
    CHECK(window.mirrored == 0);
    tops.insert(window.top);
  }
  CHECK(augmentation.padding == 2);
  CHECK(tops == std::set<std::int32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("a loader augments each sample of each pass anew and changes neither order nor labels") {
  const ColourDataset dataset;
  auto options = augmented(10);
  models::Loader loader(dataset, everything(), options);
  options.augment = false;
  models::Loader plain(dataset, everything(), options);
  const std::size_t pixels = kColour.count();
  std::set<Image> seen;  // of sample 7
  bool untouched = false;
  for (int i = 0; i < 4 * 500; ++i) {
    const models::HostBatch& batch = loader.next();
    const models::HostBatch& as_it_was = plain.next();
    REQUIRE(batch.labels == as_it_was.labels);
    const auto found = std::ranges::find(batch.labels, 7);
    if (found == batch.labels.end()) continue;
    const auto at = (found - batch.labels.begin()) * static_cast<std::ptrdiff_t>(pixels);
    const auto of = [&](const models::HostBatch& some) {
      const auto begin = some.samples.begin() + at;
      return Image(begin, begin + static_cast<std::ptrdiff_t>(pixels));
    };
    seen.insert(of(batch));
    untouched = untouched || of(batch) == of(as_it_was);
  }
  CHECK(seen.size() > 100);  // of at most 162
  CHECK(untouched);
}

TEST_CASE("augmentation follows the seed, and the batch size does not change it") {
  const ColourDataset dataset;
  models::Loader by_ten(dataset, everything(), augmented(10));
  models::Loader by_four(dataset, everything(), augmented(4));
  const Image taken = take(by_ten, 20);
  CHECK(taken == take(by_four, 50));
  auto options = augmented(10);
  options.seed = 6;
  models::Loader other(dataset, everything(), options);
  CHECK(taken != take(other, 20));
}

TEST_CASE("a thread that prepares augmented batches changes none") {
  const ColourDataset dataset;
  auto options = augmented(16);
  models::Loader inline_loader(dataset, everything(), options);
  options.ahead = true;
  models::Loader threaded(dataset, everything(), options);
  for (int i = 0; i < 50; ++i) CHECK(take(inline_loader, 1) == take(threaded, 1));
}

TEST_CASE("an augmenting loader that starts at a step goes on as one that came there") {
  const ColourDataset dataset;
  for (const std::size_t step : {0U, 1U, 3U, 12U, 29U}) {
    CAPTURE(step);
    models::Loader walked(dataset, everything(), augmented(7));
    take(walked, step);
    auto options = augmented(7);
    options.first_step = step;
    models::Loader jumped(dataset, everything(), options);
    CHECK(take(jumped, 9) == take(walked, 9));
  }
}

TEST_CASE("reading a data set directly, as evaluation does, augments nothing") {
  const ColourDataset dataset;
  models::Loader loader(dataset, everything(), augmented(10));
  take(loader, 4);
  Image image(kColour.count());
  dataset.read(3, image);
  CHECK(image[0] == 3001.0F);
}
