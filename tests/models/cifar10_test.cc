// The CIFAR reader on the real set, where a build has been told of it (MURMUR_DATA/cifar10).

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/datasets/dataset.h"
#include "tests/support/catch.h"

TEST_CASE("CIFAR-10 is read as 50000 photographs, ten equal classes of mean 0 and deviation 1") {
  const auto split =
      models::open_data({.set = "cifar10", .path = MURMUR_TEST_DATA "/cifar10", .seed = 0});
  REQUIRE(split.ok());
  const models::Dataset& train = *split->train;
  CHECK(train.size() == 50'000);
  CHECK(split->test->size() == 10'000);
  const std::vector<std::int32_t> labels = models::labels_of(train);
  for (std::int32_t label = 0; label < 10; ++label)
    CHECK(std::ranges::count(labels, label) == 5'000);

  constexpr std::size_t kRead = 5'000;
  double sum[3] = {};
  double squares[3] = {};
  std::vector<float> pixels(train.shape().count());
  for (std::size_t i = 0; i < kRead; ++i) {
    train.read(i, pixels);
    for (std::size_t k = 0; k < pixels.size(); ++k) {
      const double value = static_cast<double>(pixels[k]);
      sum[k % 3] += value;
      squares[k % 3] += value * value;
    }
  }
  const auto count = static_cast<double>(kRead * pixels.size() / 3);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    CHECK(sum[channel] / count == Approx(0.0).margin(0.05));
    CHECK(std::sqrt(squares[channel] / count) == Approx(1.0).margin(0.05));
  }
}
