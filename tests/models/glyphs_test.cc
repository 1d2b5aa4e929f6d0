#include "models/datasets/glyphs.h"

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "models/datasets/pixels.h"
#include "runtime/random.h"
#include "tests/support/catch.h"

namespace {

using models::draw_glyph;
using models::GlyphImage;
using models::GlyphSet;

std::uint64_t hash_of(std::uint64_t hash, const GlyphImage& image) {
  for (const std::uint8_t pixel : image) hash = runtime::mix_bits(hash + pixel + 1);
  return hash;
}

std::vector<float> read(const models::Dataset& set, std::size_t index) {
  std::vector<float> pixels(set.shape().count());
  set.read(index, pixels);
  return pixels;
}

}  // namespace

TEST_CASE("a glyph follows from seed, set and index alone") {
  const GlyphImage glyph = draw_glyph(1, GlyphSet::kTrain, 7);
  CHECK(glyph == draw_glyph(1, GlyphSet::kTrain, 7));
  CHECK(glyph != draw_glyph(2, GlyphSet::kTrain, 7));
  CHECK(glyph != draw_glyph(1, GlyphSet::kTest, 7));
  CHECK(glyph != draw_glyph(1, GlyphSet::kTrain, 17));  // the same class
}

TEST_CASE("glyphs have the same bits on every machine and compiler") {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < 100; ++i) hash = hash_of(hash, draw_glyph(1, GlyphSet::kTrain, i));
  CHECK(hash == 0x8a0a3493f2447893);
}

TEST_CASE("no two of a thousand glyphs are the same") {
  std::set<GlyphImage> images;
  for (std::size_t i = 0; i < 500; ++i) {
    images.insert(draw_glyph(3, GlyphSet::kTrain, i));
    images.insert(draw_glyph(3, GlyphSet::kTest, i));
  }
  CHECK(images.size() == 1000);
}

TEST_CASE("every glyph has ink") {
  for (std::size_t i = 0; i < 1000; ++i) {
    const GlyphImage image = draw_glyph(5, GlyphSet::kTrain, i);
    CAPTURE(i);
    CHECK(*std::ranges::max_element(image) > 90);
  }
}

TEST_CASE("the classes of glyphs are equally many") {
  const auto split = models::open_glyphs({.seed = 1, .train_count = 200, .test_count = 100});
  for (const auto* set : {split.train.get(), split.test.get()}) {
    std::vector<std::size_t> counts(set->classes());
    for (const std::int32_t label : models::labels_of(*set)) ++counts[static_cast<unsigned>(label)];
    CHECK(counts == std::vector<std::size_t>(10, set->size() / 10));
  }
}

TEST_CASE("a glyph that was kept reads as one that was drawn") {
  const auto split = models::open_glyphs({.seed = 9, .train_count = 10, .test_count = 10});
  std::vector<float> drawn(split.test->shape().count());
  models::normalise(draw_glyph(9, GlyphSet::kTest, 4), drawn);
  CHECK(read(*split.test, 4) == drawn);
  CHECK(read(*split.test, 4) == drawn);
}

TEST_CASE("threads that read the same glyphs at once all read them whole") {
  const auto split = models::open_glyphs({.seed = 4, .train_count = 50, .test_count = 10});
  std::vector<std::vector<float>> seen(4);
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([&mine, &split] {
      for (std::size_t i = 0; i < 50; ++i) {
        const std::vector<float> pixels = read(*split.train, i);
        mine.insert(mine.end(), pixels.begin(), pixels.end());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : seen) CHECK(mine == seen[0]);
}

TEST_CASE("black is normalised to below zero and white to above") {
  const std::vector<std::uint8_t> pixels{0, 255};
  std::vector<float> out(2);
  models::normalise(pixels, out);
  CHECK(out[0] == Approx(-0.13 / 0.6));
  CHECK(out[1] == Approx(0.87 / 0.6));
}
