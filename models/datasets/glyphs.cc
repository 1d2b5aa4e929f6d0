#include "models/datasets/glyphs.h"

#include <algorithm>
#include <atomic>
#include <cfloat>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "models/datasets/glyph_strokes.h"
#include "models/datasets/pixels.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace models {
namespace {

static_assert(FLT_EVAL_METHOD == 0 && std::numeric_limits<float>::is_iec559);

using runtime::Random;

constexpr std::uint64_t kGlyphStream = 0x676c79706873;  // "glyphs": this use's streams of the seed
constexpr std::size_t kPixels = kGlyphSide * kGlyphSide;
constexpr float kUntouched = 1.0e6F;

// How unsteady the hand is. Tuned by training (see the header): lengths in pixels unless said.
constexpr double kBox = 17.0;         // a figure's height and width before distortion
constexpr double kStretch = 0.25;     // of either axis, as a share
constexpr double kSlant = 0.25;       // of one axis along the other, both ways: shear and rotation
constexpr double kShift = 2.5;        // of the whole figure, in either axis
constexpr double kWobble = 0.05;      // of each point of a stroke, as a share of the box
constexpr double kRadiusLeast = 0.6;  // half a stroke's width
constexpr double kRadiusMost = 1.7;
constexpr double kInkLeast = 0.65;      // of 1, full white
constexpr double kScratchLength = 6.0;  // of the stray stroke across every image, at most, per axis
constexpr double kNoiseMost = 0.20;     // of 1, uniform around nothing

float draw(Random& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

// Where the figure's unit square goes on the paper.
struct Distortion {
  float xx, xy, yx, yy;  // pixels per unit
  Point centre;

  explicit Distortion(Random& random)
      : xx(draw(random, kBox * (1.0 - kStretch), kBox * (1.0 + kStretch))),
        xy(draw(random, -kBox * kSlant, kBox * kSlant)),
        yx(draw(random, -kBox * kSlant, kBox * kSlant)),
        yy(draw(random, kBox * (1.0 - kStretch), kBox * (1.0 + kStretch))),
        centre{.x = 13.5F + draw(random, -kShift, kShift),
               .y = 13.5F + draw(random, -kShift, kShift)} {}

  [[nodiscard]] Point place(Point p) const {
    const float x = p.x - 0.5F;
    const float y = p.y - 0.5F;
    return {.x = centre.x + xx * x + xy * y, .y = centre.y + yx * x + yy * y};
  }
};

// Squared distance of every pixel to the nearest stroke, as far as strokes reach.
class Paper {
 public:
  explicit Paper(float radius) : radius_(radius) { squared_distance_.fill(kUntouched); }

  void draw_segment(Point a, Point b) {
    const float dx = b.x - a.x;
    const float dy = b.y - a.y;
    const float length_squared = dx * dx + dy * dy;
    const float inverse = length_squared > 0.0F ? 1.0F / length_squared : 0.0F;
    const float reach = radius_ + 1.0F;
    const std::size_t x_end = pixel_after(std::max(a.x, b.x) + reach);
    const std::size_t y_end = pixel_after(std::max(a.y, b.y) + reach);
    for (std::size_t y = pixel_after(std::min(a.y, b.y) - reach); y < y_end; ++y) {
      const float py = static_cast<float>(y) - a.y;
      for (std::size_t x = pixel_after(std::min(a.x, b.x) - reach); x < x_end; ++x) {
        const float px = static_cast<float>(x) - a.x;
        const float along = std::clamp((px * dx + py * dy) * inverse, 0.0F, 1.0F);
        const float ox = px - along * dx;
        const float oy = py - along * dy;
        float& nearest = squared_distance_[y * kGlyphSide + x];
        nearest = std::min(nearest, ox * ox + oy * oy);
      }
    }
  }

  // 1 inside the stroke, 0 outside, a ramp of one pixel between.
  [[nodiscard]] float coverage(std::size_t pixel) const {
    const float squared = squared_distance_[pixel];
    if (squared >= kUntouched) return 0.0F;
    return std::clamp(radius_ + 0.5F - std::sqrt(squared), 0.0F, 1.0F);
  }

 private:
  // The first row or column that is not before `position`, at most one past the last.
  static std::size_t pixel_after(float position) {
    const float inside = std::clamp(position, 0.0F, static_cast<float>(kGlyphSide));
    const auto whole = static_cast<std::size_t>(inside);
    return static_cast<float>(whole) < inside ? whole + 1 : whole;
  }

  float radius_;
  std::array<float, kPixels> squared_distance_{};
};

// A stroke's points on the paper, corners cut (Chaikin 1974), ends kept.
class Curve {
 public:
  void add(Point p) {
    CHECK(count_ < points_.size());
    points_[count_++] = p;
  }

  [[nodiscard]] Curve rounded() const {
    if (count_ < 3) return *this;
    Curve curve;
    curve.add(points_[0]);
    for (std::size_t i = 0; i + 1 < count_; ++i) {
      if (i > 0) curve.add(between(points_[i], points_[i + 1], 0.25F));
      if (i + 2 < count_) curve.add(between(points_[i], points_[i + 1], 0.75F));
    }
    curve.add(points_[count_ - 1]);
    return curve;
  }

  void draw_on(Paper& paper) const {
    for (std::size_t i = 0; i + 1 < count_; ++i) paper.draw_segment(points_[i], points_[i + 1]);
  }

 private:
  static Point between(Point a, Point b, float share) {
    return {.x = a.x + share * (b.x - a.x), .y = a.y + share * (b.y - a.y)};
  }

  std::array<Point, 4 * kStrokePointsMax> points_{};
  std::size_t count_ = 0;
};

void draw_figure(std::size_t glyph, Random& random, Paper& paper) {
  const Distortion distortion(random);
  for (const Stroke& stroke : strokes_of(glyph)) {
    Curve curve;
    for (Point p : stroke) {
      p.x += draw(random, -kWobble, kWobble);
      p.y += draw(random, -kWobble, kWobble);
      curve.add(distortion.place(p));
    }
    curve.rounded().rounded().draw_on(paper);
  }
}

void draw_scratch(Random& random, Paper& paper) {
  const Point start{.x = draw(random, 0.0, 27.0), .y = draw(random, 0.0, 27.0)};
  paper.draw_segment(start, {.x = start.x + draw(random, -kScratchLength, kScratchLength),
                             .y = start.y + draw(random, -kScratchLength, kScratchLength)});
}

// Ink plus noise, eight pixels to a draw.
GlyphImage expose(const Paper& paper, Random& random) {
  const float ink = 255.0F * draw(random, kInkLeast, 1.0);
  const float noise = 255.0F * draw(random, 0.0, kNoiseMost);
  GlyphImage image{};
  for (std::size_t start = 0; start < kPixels; start += 8) {
    std::uint64_t bits = random.bits();
    for (std::size_t i = start; i < start + 8; ++i, bits >>= 8U) {
      const float grain = static_cast<float>(bits & 255U) / 127.5F - 1.0F;
      const float light = ink * paper.coverage(i) + noise * grain;
      image[i] = static_cast<std::uint8_t>(std::clamp(light + 0.5F, 0.0F, 255.0F));
    }
  }
  return image;
}

class Glyphs final : public Dataset {
 public:
  Glyphs(std::uint64_t seed, GlyphSet set, std::size_t count)
      : seed_(seed),
        set_(set),
        states_(count),
        images_(std::make_unique_for_overwrite<GlyphImage[]>(count)) {}

  [[nodiscard]] std::size_t size() const override { return states_.size(); }
  [[nodiscard]] ImageShape shape() const override {
    return {.height = kGlyphSide, .width = kGlyphSide, .channels = 1};
  }
  [[nodiscard]] std::size_t classes() const override { return kGlyphClasses; }
  [[nodiscard]] std::int32_t label(std::size_t index) const override { return glyph_label(index); }

  void read(std::size_t index, std::span<float> out) const override {
    CHECK(index < size());
    if (states_[index].load(std::memory_order_acquire) == State::kDrawn) {
      normalise(images_[index], out);
      return;
    }
    const GlyphImage image = draw_glyph(seed_, set_, index);
    normalise(image, out);
    keep(index, image);
  }

 private:
  enum class State : std::uint8_t { kBlank, kBusy, kDrawn };

  // Whoever comes second while the first is copying drew the same image and need not wait.
  void keep(std::size_t index, const GlyphImage& image) const {
    State blank = State::kBlank;
    if (!states_[index].compare_exchange_strong(blank, State::kBusy)) return;
    images_[index] = image;
    states_[index].store(State::kDrawn, std::memory_order_release);
  }

  std::uint64_t seed_;
  GlyphSet set_;
  mutable std::vector<std::atomic<State>> states_;
  std::unique_ptr<GlyphImage[]> images_;  // memory is touched, and so taken, as samples are drawn
};

}  // namespace

std::int32_t glyph_label(std::size_t index) {
  return static_cast<std::int32_t>(index % kGlyphClasses);
}

GlyphImage draw_glyph(std::uint64_t seed, GlyphSet set, std::size_t index) {
  const std::uint64_t test = set == GlyphSet::kTest ? 1 : 0;
  Random random(runtime::mix_bits(seed ^ kGlyphStream), 2 * index + test);
  Paper paper(draw(random, kRadiusLeast, kRadiusMost));
  draw_figure(static_cast<std::size_t>(glyph_label(index)), random, paper);
  draw_scratch(random, paper);
  return expose(paper, random);
}

DataSplit open_glyphs(const GlyphOptions& options) {
  CHECK(options.train_count > 0 && options.test_count > 0);
  DataSplit split;
  split.train = std::make_unique<Glyphs>(options.seed, GlyphSet::kTrain, options.train_count);
  split.test = std::make_unique<Glyphs>(options.seed, GlyphSet::kTest, options.test_count);
  return split;
}

}  // namespace models
