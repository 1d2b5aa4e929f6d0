#pragma once
// Which numbers a convolution by Winograd's filtering works on (kernels/cpu/winograd.h): its
// images' tiles, and its weights' taps.

#include <algorithm>
#include <array>
#include <cstddef>

#include "kernels/shapes.h"

namespace kernels::cpu::winograd {

inline constexpr std::size_t kKernel = 3;
inline constexpr std::size_t kTile = 4;
inline constexpr std::size_t kWindow = kTile + kKernel - 1;
inline constexpr std::size_t kTaps = kKernel * kKernel;
inline constexpr std::size_t kProducts = kWindow * kWindow;

[[nodiscard]] inline std::size_t tiles_along(std::size_t pixels) {
  return (pixels + kTile - 1) / kTile;
}

// From one of the 36 matrices of products to the next: were it a power of two, all would share a
// few sets of the cache.
[[nodiscard]] inline std::size_t step_of(std::size_t rows, std::size_t columns) {
  constexpr std::size_t kGap = 16;
  return rows * columns + kGap;
}

// The first of 36 matrices of products, and how far the next is.
struct Matrices {
  const float* first;
  std::size_t step;
};

struct Image {
  std::size_t height;
  std::size_t width;
  std::size_t channels;
};
[[nodiscard]] inline Image in_image(const ConvShape& s) {
  return {s.in_height, s.in_width, s.in_channels};
}
[[nodiscard]] inline Image out_image(const ConvShape& s) {
  return {s.out_height(), s.out_width(), s.out_channels};
}

// A convolution of `from` to `to`: backward_data goes from d_out to d_in.
struct Pass {
  std::size_t batch;
  Image from;
  Image to;
  std::size_t padding;
  bool backwards = false;
  const float* bias = nullptr;
  bool relu = false;

  [[nodiscard]] std::size_t tiles() const {
    return batch * tiles_along(to.height) * tiles_along(to.width);
  }

  // Where a square of kSide pixels of `image` lies that belongs to a tile, row by row; it begins
  // `margin` pixels above and left of it. Pixels beyond an edge are at `beyond`.
  template <std::size_t kSide, typename Number>
  [[nodiscard]] std::array<Number*, kSide * kSide> square(const Image& image, std::size_t tile,
                                                          std::size_t margin, Number* pixels,
                                                          Number* beyond) const {
    const std::size_t columns = tiles_along(to.width);
    const std::size_t row = tile / columns;
    const std::size_t rows = tiles_along(to.height);
    Number* const first = pixels + row / rows * image.height * image.width * image.channels;
    // Below zero they wrap around, to more than any edge.
    const std::size_t top = row % rows * kTile - margin;
    const std::size_t left = tile % columns * kTile - margin;
    std::array<bool, kSide> inside;
    for (std::size_t i = 0; i < kSide; ++i) inside[i] = left + i < image.width;
    std::array<Number*, kSide * kSide> places;
    for (std::size_t i = 0; i < kSide; ++i) {
      const std::size_t row_first = ((top + i) * image.width + left) * image.channels;
      const bool row_inside = top + i < image.height;
      for (std::size_t j = 0; j < kSide; ++j)
        places[i * kSide + j] =
            row_inside && inside[j] ? first + (row_first + j * image.channels) : beyond;
    }
    return places;
  }
};

// Some neighbours of them.
struct Channels {
  std::size_t first;
  std::size_t count;
};

// A part of the weights (out, height, width, in).
struct Weights {
  std::size_t in_channels;
  Channels out;
  Channels in;

  [[nodiscard]] std::size_t step() const { return step_of(out.count, in.count); }
  // Where the taps for one of these output channels lie.
  template <typename Number>
  [[nodiscard]] std::array<Number*, kTaps> taps(Number* weight, std::size_t index) const {
    std::array<Number*, kTaps> places;
    for (std::size_t i = 0; i < kTaps; ++i)
      places[i] = weight + ((out.first + index) * kTaps + i) * in_channels + in.first;
    return places;
  }
};

// Some of the weights (out, taps, in) as (in, taps, out).
inline void swap_weights(const float* weight, std::size_t in_channels, const Channels& in,
                         const Channels& out, float* to) {
  for (std::size_t tap = 0; tap < kTaps; ++tap)
    for (std::size_t o = 0; o < out.count; ++o) {
      const float* const from = weight + ((out.first + o) * kTaps + tap) * in_channels + in.first;
      for (std::size_t i = 0; i < in.count; ++i) to[(i * kTaps + tap) * out.count + o] = from[i];
    }
}

// [first, end)
struct Range {
  std::size_t first;
  std::size_t end;

  [[nodiscard]] std::size_t count() const { return end - first; }
};

// What a thread has in hand.
struct Chunk {
  Range tiles;
  bool is_first;  // of its thread's

  // Of matrices that have a row a tile.
  [[nodiscard]] std::size_t step(std::size_t channels) const {
    return step_of(tiles.count(), channels);
  }
};

// The share of one of so many that share `count` things.
[[nodiscard]] inline Range share_of(std::size_t count, std::size_t index, std::size_t shares) {
  return {count * index / shares, count * (index + 1) / shares};
}

}  // namespace kernels::cpu::winograd
