#include "kernels/cpu/winograd.h"

#include <algorithm>
#include <utility>

#include "kernels/cpu/f32.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/threads.h"
#include "kernels/cpu/winograd_tiles.h"
#include "kernels/host_memory.h"

namespace kernels::cpu {
namespace {

using winograd::Channels;
using winograd::Chunk;
using winograd::kProducts;
using winograd::Pass;
using winograd::Range;
using winograd::Weights;

// What a chunk's products of windows and tiles take together: in a second-level cache.
constexpr std::size_t kChunkNumbers = std::size_t{256} << 10U;
// What the products of weights take; wider layers are computed a part of their channels at a time.
constexpr std::size_t kWeightNumbers = std::size_t{1} << 20U;

// Calls action(part) for parts of `channels` whose weights' products do not take too much.
template <typename Action>
void for_channels(std::size_t channels, std::size_t others, Action action) {
  const std::size_t packs = kWeightNumbers / (kProducts * others * kWinogradPack);
  const std::size_t most = std::max(packs, std::size_t{1}) * kWinogradPack;
  for (std::size_t first = 0; first < channels; first += most)
    action(Channels{first, std::min(most, channels - first)});
}

}  // namespace

Winograd::Winograd(std::size_t threads, const LayerLoops& loops) : loops_(loops), desks_(threads) {}

bool Winograd::suits(const ConvShape& s) {
  if (s.kernel_height != winograd::kKernel || s.kernel_width != winograd::kKernel ||
      s.stride != 1 || s.groups != 1 || s.padding >= winograd::kKernel ||
      s.in_channels % kWinogradPack != 0 || s.out_channels % kWinogradPack != 0)
    return false;
  // The transforms of weights take the time of a few tiles, and tiles reach beyond the edges.
  constexpr std::size_t kTilesMin = 16;
  const std::size_t tiles =
      winograd::tiles_along(s.out_height()) * winograd::tiles_along(s.out_width());
  return s.batch * tiles >= kTilesMin &&
         tiles * kProducts * 2 <= s.out_height() * s.out_width() * winograd::kTaps;
}

template <typename Action>
std::size_t Winograd::for_chunks(const Pass& pass, std::size_t columns, Action action) {
  use_threads(desks_.size());  // one that is no team would have its products computed by all
  const std::size_t tiles = pass.tiles();
  const std::size_t parts = std::min(desks_.size(), tiles);
  const std::size_t most = std::max(kChunkNumbers / (kProducts * columns), std::size_t{1});
  // Of each part; none is empty.
  const std::size_t chunks = std::min((tiles + parts * most - 1) / (parts * most), tiles / parts);
  for_parts(parts, [&](std::size_t part) {
    for (std::size_t i = 0; i < chunks; ++i)
      action(desks_[part],
             Chunk{winograd::share_of(tiles, part * chunks + i, parts * chunks), i == 0});
  });
  return parts;
}

void Winograd::multiply_all(const MatrixProduct& product, const Matrices& a, const Matrices& b,
                            float* c, std::size_t c_step) const {
  const SmallProduct small{product.rows, product.columns, product.inner, product.adds};
  const std::size_t channels = product.a_transposed ? product.rows : product.inner;
  const bool few = std::max(channels, product.columns) <= loops_.winograd.few_channels;
  const auto multiply_few =
      product.a_transposed ? loops_.winograd.transposed_product : loops_.winograd.product;
  for (std::size_t k = 0; k < kProducts; ++k, c += c_step) {
    const float* const left = a.first + k * a.step;
    const float* const right = b.first + k * b.step;
    if (few)
      multiply_few(small, left, right, c);
    else
      multiply(product, left, right, c);
  }
}

// The products of the weights between a part of the channels that pixels go to and all that they
// come from: matrices of a row for each of these, since oneDNN multiplies transposed ones far
// slower.
const float* Winograd::transform(const Pass& pass, const Channels& part, const float* weight) {
  const Weights weights{pass.to.channels, {0, pass.from.channels}, part};
  float* const products = at_least(weights_, kProducts * weights.step());
  const auto take = [&](std::size_t row, const auto& taps) {
    loops_.winograd.weights(taps.data(), part.count, products + row * part.count, weights.step());
  };
  for_parts(desks_.size(), [&](std::size_t thread) {
    const Range rows = winograd::share_of(weights.out.count, thread, desks_.size());
    if (pass.backwards) {
      for (std::size_t row = rows.first; row < rows.end; ++row) {
        auto taps = weights.taps(weight, row);
        std::reverse(taps.begin(), taps.end());
        take(row, taps);
      }
      return;
    }
    float* const copy =
        at_least(desks_[thread].weights, winograd::kTaps * kWinogradPack * part.count);
    for (std::size_t first = rows.first; first < rows.end; first += kWinogradPack) {
      const Channels some{first, std::min(kWinogradPack, rows.end - first)};
      winograd::swap_weights(weight, weights.out.count, some, part, copy);
      const Weights swapped{part.count, {0, some.count}, {0, part.count}};
      for (std::size_t row = 0; row < some.count; ++row)
        take(first + row, swapped.taps(std::as_const(copy), row));
    }
  });
  return products;
}

// The products of a chunk's windows, matrices of a row a tile.
void Winograd::take_windows(const Pass& pass, const Chunk& chunk, const float* from, Desk& desk) {
  const std::size_t channels = pass.from.channels;
  const std::size_t step = chunk.step(channels);
  float* to = at_least(desk.windows, kProducts * step);
  for (std::size_t tile = chunk.tiles.first; tile < chunk.tiles.end; ++tile, to += channels) {
    const auto places = pass.square<winograd::kWindow>(pass.from, tile, pass.padding, from,
                                                       f32(std::as_const(zeros_).view()));
    loops_.winograd.window(places.data(), channels, to, step);
  }
}

// The same of the tiles of a gradient.
void Winograd::take_d_tiles(const Pass& pass, const Chunk& chunk, const Channels& part,
                            const float* d_out, Desk& desk) {
  const std::size_t step = chunk.step(part.count);
  float* to = at_least(desk.tiles, kProducts * step);
  for (std::size_t tile = chunk.tiles.first; tile < chunk.tiles.end; ++tile, to += part.count) {
    const auto places = pass.square<winograd::kTile>(pass.to, tile, 0, d_out + part.first,
                                                     f32(std::as_const(zeros_).view()));
    loops_.winograd.d_tile(places.data(), part.count, to, step);
  }
}

// Tiles from their products.
void Winograd::write_tiles(const Pass& pass, const Chunk& chunk, const Channels& part, float* to,
                           Desk& desk) {
  const auto write = pass.relu ? loops_.winograd.tile_relu : loops_.winograd.tile;
  const float* const bias = pass.bias != nullptr ? pass.bias + part.first : f32(zeros_.view());
  float* const beyond = at_least(desk.beyond, part.count);
  const float* from = f32(desk.tiles.view());
  for (std::size_t tile = chunk.tiles.first; tile < chunk.tiles.end; ++tile, from += part.count) {
    const auto places = pass.square<winograd::kTile>(pass.to, tile, 0, to + part.first, beyond);
    write(from, chunk.step(part.count), bias, part.count, places.data());
  }
}

void Winograd::convolve(const Pass& pass, const float* from, const float* weight, float* to) {
  const std::size_t inner = pass.from.channels;
  static_cast<void>(at_least(zeros_, std::max(inner, pass.to.channels)));
  for_channels(pass.to.channels, inner, [&](const Channels& part) {
    const float* const factors = transform(pass, part, weight);
    const std::size_t factors_step = winograd::step_of(inner, part.count);
    for_chunks(pass, inner + part.count, [&](Desk& desk, const Chunk& chunk) {
      take_windows(pass, chunk, from, desk);
      const std::size_t step = chunk.step(part.count);
      multiply_all({.rows = chunk.tiles.count(),
                    .columns = part.count,
                    .inner = inner,
                    .a_row = inner,
                    .b_row = part.count,
                    .c_row = part.count},
                   {f32(desk.windows.view()), chunk.step(inner)}, {factors, factors_step},
                   at_least(desk.tiles, kProducts * step), step);
      write_tiles(pass, chunk, part, to, desk);
    });
  });
}

void Winograd::forward(const ConvShape& s, const float* in, const float* weight, const float* bias,
                       float* out) {
  convolve({.batch = s.batch,
            .from = winograd::in_image(s),
            .to = winograd::out_image(s),
            .padding = s.padding,
            .bias = bias,
            .relu = s.activation == Activation::kRelu},
           in, weight, out);
}

// The convolution of d_out with the weights turned round.
void Winograd::backward_data(const ConvShape& s, const float* weight, const float* d_out,
                             float* d_in) {
  convolve({.batch = s.batch,
            .from = winograd::out_image(s),
            .to = winograd::in_image(s),
            .padding = winograd::kKernel - 1 - s.padding,
            .backwards = true},
           d_out, weight, d_in);
}

// forward() with its last two steps transposed: gradients of tiles' products times windows' are
// those of weights' products, summed over all tiles.
void Winograd::backward_weight(const ConvShape& s, const float* in, const float* d_out,
                               float* d_weight) {
  const Pass pass{.batch = s.batch,
                  .from = winograd::in_image(s),
                  .to = winograd::out_image(s),
                  .padding = s.padding};
  static_cast<void>(at_least(zeros_, std::max(s.in_channels, s.out_channels)));
  for_channels(s.out_channels, s.in_channels, [&](const Channels& part) {
    const Weights weights{s.in_channels, part, {0, s.in_channels}};
    const std::size_t used =
        for_chunks(pass, s.in_channels + part.count, [&](Desk& desk, const Chunk& chunk) {
          take_windows(pass, chunk, in, desk);
          take_d_tiles(pass, chunk, part, d_out, desk);
          multiply_all({.rows = part.count,
                        .columns = s.in_channels,
                        .inner = chunk.tiles.count(),
                        .a_transposed = true,
                        .adds = !chunk.is_first,
                        .a_row = part.count,
                        .b_row = s.in_channels,
                        .c_row = s.in_channels},
                       {f32(desk.tiles.view()), chunk.step(part.count)},
                       {f32(desk.windows.view()), chunk.step(s.in_channels)},
                       at_least(desk.weights, kProducts * weights.step()), weights.step());
        });
    finish_weights(weights, used, d_weight);
  });
}

// Sums up over the first `used` desks.
void Winograd::finish_weights(const Weights& weights, std::size_t used, float* d_weight) {
  float* const sums = f32(desks_.front().weights.view());
  for_parts(desks_.size(), [&](std::size_t thread) {
    const Range rows = winograd::share_of(weights.out.count, thread, desks_.size());
    const std::size_t count = rows.count() * weights.in.count;
    for (std::size_t k = 0; k < kProducts; ++k)
      for (std::size_t i = 1; i < used; ++i) {
        const std::size_t at = k * weights.step() + rows.first * weights.in.count;
        loops_.add(sums + at, f32(desks_[i].weights.view()) + at, false, sums + at, count);
      }
    for (std::size_t out = rows.first; out < rows.end; ++out) {
      const auto taps = weights.taps(d_weight, out);
      loops_.winograd.d_weights(sums + out * weights.in.count, weights.step(), weights.in.count,
                                taps.data());
    }
  });
}

}  // namespace kernels::cpu
