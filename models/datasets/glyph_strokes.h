#pragma once
// The skeletons of the ten figures: strokes through points of the unit square, y downwards.

#include <cstddef>
#include <span>

namespace models {

struct Point {
  float x = 0.0F;
  float y = 0.0F;
};

inline constexpr std::size_t kGlyphClasses = 10;
inline constexpr std::size_t kStrokePointsMax = 12;

// A stroke is drawn with its corners rounded off; a sharp corner is where two strokes meet.
using Stroke = std::span<const Point>;

// The strokes of one figure. `glyph` < kGlyphClasses.
[[nodiscard]] std::span<const Stroke> strokes_of(std::size_t glyph);

}  // namespace models
