// The IDX reader on real files, where a build has been told of some (MURMUR_DATA).

#include <algorithm>
#include <vector>

#include "models/datasets/dataset.h"
#include "tests/support/catch.h"

TEST_CASE("MNIST is 60000 and 10000 digits of 28x28, of mean 0 and deviation 1") {
  const auto split =
      models::open_data({.set = "idx", .path = MURMUR_TEST_DATA "/mnist", .seed = 0});
  REQUIRE(split.ok());
  const models::Dataset& train = *split->train;
  CHECK(train.size() == 60'000);
  CHECK(split->test->size() == 10'000);
  CHECK(train.classes() == 10);
  CHECK(train.shape() == models::ImageShape{.height = 28, .width = 28, .channels = 1});
  double sum = 0.0;
  double squares = 0.0;
  std::vector<float> pixels(train.shape().count());
  for (std::size_t i = 0; i < train.size(); i += 10) {
    train.read(i, pixels);
    for (const float pixel : pixels) {
      sum += static_cast<double>(pixel);
      squares += static_cast<double>(pixel) * static_cast<double>(pixel);
    }
  }
  const double count = 6000.0 * 784.0;
  CHECK(sum / count == Approx(0.0).margin(0.01));
  CHECK(squares / count == Approx(1.0).margin(0.02));
}
