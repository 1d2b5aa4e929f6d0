// Batches that are cut out of a device's memory are those that the host prepares, to the bit.

#include "models/resident_set.h"

#include <array>
#include <numeric>
#include <vector>

#include "models/batch.h"
#include "models/loader.h"
#include "tests/support/recording_backend.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using models::ImageShape;
using models::ResidentSet;

constexpr std::size_t kRoom = 1U << 20U;

// Images of which no two numbers are the same.
class Images final : public models::Dataset {
 public:
  explicit Images(const ImageShape& shape) : shape_(shape) {}
  [[nodiscard]] std::size_t size() const override { return 30; }
  [[nodiscard]] ImageShape shape() const override { return shape_; }
  [[nodiscard]] std::size_t classes() const override { return 30; }
  [[nodiscard]] std::int32_t label(std::size_t index) const override {
    return static_cast<std::int32_t>(index);
  }
  void read(std::size_t index, std::span<float> out) const override {
    std::iota(out.begin(), out.end(), static_cast<float>(1000 * index + 1));
  }

 private:
  ImageShape shape_;
};

// Not in order, not all, and fewer than some batches.
constexpr std::array<std::uint32_t, 7> kPart{7, 29, 0, 12, 3, 18, 4};

std::vector<float> samples_of(kernels::Backend& backend, const models::Batch& batch) {
  std::vector<float> samples(batch.samples.count());
  backend.download(batch.samples, std::span(samples));
  return samples;
}

}  // namespace

TEST_CASE("batches cut on the device are the host's, augmented and not, pass after pass") {
  const ImageShape shape = GENERATE(ImageShape{5, 6, 3}, ImageShape{4, 4, 1});
  const bool augment = GENERATE(false, true);
  CAPTURE(shape.channels, augment);
  const Images images(shape);
  test::RecordingBackend backend;
  backend.set_free_bytes(kRoom);
  const auto resident = ResidentSet::of(backend, images, kPart, augment);
  REQUIRE(resident != nullptr);

  models::LoaderOptions options{.batch = 10, .seed = 3, .augment = augment, .ahead = false};
  models::BatchSequence whole(images, {kPart.begin(), kPart.end()}, options);
  options.picks = true;
  models::BatchSequence named(images, {kPart.begin(), kPart.end()}, options);
  models::BatchStage stage(backend, images, 10);
  models::HostBatch host;
  models::HostBatch picks;
  for (int i = 0; i < 8; ++i) {
    whole.next(host);
    named.next(picks);
    CHECK(picks.samples.empty());
    CHECK(picks.labels == host.labels);
    CHECK(picks.draw == host.draw);
    const models::Batch staged = stage.stage(picks, resident.get());
    CHECK(staged.size == 10);
    REQUIRE(samples_of(backend, staged) == host.samples);
  }
}

TEST_CASE("samples that would take more than a quarter of a device's memory stay on the host") {
  const Images images({5, 6, 3});
  test::RecordingBackend backend;
  const std::size_t bytes = kPart.size() * images.shape().count() * sizeof(float);
  backend.set_free_bytes(4 * bytes);
  CHECK(ResidentSet::of(backend, images, kPart, true) != nullptr);
  backend.set_free_bytes(4 * bytes - 1);
  CHECK(ResidentSet::of(backend, images, kPart, true) == nullptr);
}

TEST_CASE("where memory is the host's nothing is brought anywhere") {
  const Images images({5, 6, 3});
  const auto reference = test::reference_backend();
  CHECK(ResidentSet::of(*reference, images, kPart, true) == nullptr);
}
