#pragma once
// Ten figures drawn by an unsteady hand: nothing to download, and hard enough to learn from. A
// linear model stays below 95 % on it, LeNet-5 passes 97 % (tests/models/glyphs_learning_test.cc).

#include <array>
#include <cstddef>
#include <cstdint>

#include "models/datasets/dataset.h"
#include "runtime/result.h"

namespace models {

inline constexpr std::size_t kGlyphSide = 28;
using GlyphImage = std::array<std::uint8_t, kGlyphSide * kGlyphSide>;

enum class GlyphSet : std::uint8_t { kTrain, kTest };

struct GlyphOptions {
  std::uint64_t seed = 0;
  std::size_t train_count = 20'000;
  std::size_t test_count = 4'000;
};

// Samples are drawn when they are first read and kept, a byte a pixel.
[[nodiscard]] DataSplit open_glyphs(const GlyphOptions& options);

[[nodiscard]] std::int32_t glyph_label(std::size_t index);  // each class every tenth index

// Sample `index`, a function of its arguments alone: + - * / and square roots of IEEE f32, so the
// same bits on every machine. About 25 microseconds.
[[nodiscard]] GlyphImage draw_glyph(std::uint64_t seed, GlyphSet set, std::size_t index);

}  // namespace models
