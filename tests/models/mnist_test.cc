// The IDX reader on real files, where a build has been told of some (MURMUR_DATA).

#include <vector>

#include "models/datasets/dataset.h"
#include "tests/support/catch.h"

TEST_CASE("MNIST is read as tens of thousands of digits, a seventh of their paper inked") {
  const auto split =
      models::open_data({.set = "idx", .path = MURMUR_TEST_DATA "/mnist", .seed = 0});
  REQUIRE(split.ok());
  const models::Dataset& train = *split->train;
  CHECK(train.size() >= 50'000);  // some copies keep 10000 back for validation
  CHECK(split->test->size() == 10'000);
  CHECK(train.classes() == 10);
  CHECK(train.shape() == models::ImageShape{.height = 28, .width = 28, .channels = 1});
  constexpr std::size_t kRead = 5'000;
  double sum = 0.0;
  std::vector<float> pixels(train.shape().count());
  for (std::size_t i = 0; i < kRead; ++i) {
    train.read(i, pixels);
    for (const float pixel : pixels) sum += static_cast<double>(pixel);
  }
  const double mean = sum / static_cast<double>(kRead * pixels.size());
  CHECK(mean * 0.6 + 0.13 == Approx(0.1307).margin(0.003));  // as published
}
