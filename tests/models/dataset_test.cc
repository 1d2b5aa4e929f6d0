#include "models/datasets/dataset.h"

#include <vector>

#include "tests/support/catch.h"

namespace {

std::vector<float> image(const models::Dataset& dataset, std::size_t index) {
  std::vector<float> pixels(dataset.shape().count());
  dataset.read(index, pixels);
  return pixels;
}

}  // namespace

TEST_CASE("a limit keeps the first training samples as they are and all test samples") {
  const auto whole = models::open_data({.set = "glyphs", .path = {}, .seed = 3});
  const auto cut = models::open_data({.set = "glyphs", .path = {}, .seed = 3, .limit = 7});
  REQUIRE((whole.ok() && cut.ok()));
  CHECK(cut->train->size() == 7);
  CHECK(cut->train->shape() == whole->train->shape());
  CHECK(cut->train->classes() == 10);
  CHECK(cut->test->size() == whole->test->size());
  CHECK(models::labels_of(*cut->train).size() == 7);
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(image(*cut->train, i) == image(*whole->train, i));
    CHECK(cut->train->label(i) == whole->train->label(i));
  }
}

TEST_CASE("no limit, or one above the set, keeps it whole") {
  for (const std::size_t limit : {0U, 20'000U, 1'000'000U}) {
    const auto split = models::open_data({.set = "glyphs", .path = {}, .limit = limit});
    REQUIRE(split.ok());
    CHECK(split->train->size() == 20'000);
  }
}
