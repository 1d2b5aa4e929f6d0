#pragma once
// Convolutions of 3x3 by Winograd's minimal filtering, F(4x4, 3x3) of Lavin and Gray ("Fast
// Algorithms for Convolutional Neural Networks", 2016, arXiv:1509.09308): 36 products for a tile of
// 4x4 pixels where the direct way takes 144, as 36 products of matrices, which are oneDNN's, or
// ours where channels are few; the transforms before and after are ours. Beside oneDNN's direct
// convolutions it takes half the time from 64 channels on, two thirds with 32 and, with 16, 0.6 to
// 0.9 of it (AVX2: four fifths).
// oneDNN's own takes images in packs of channels only, and changing their order costs what it
// saves. Rounding errors are up to four times the direct way's. f32 alone; memory is kept from call
// to call; one thread at a time, which calls the others.

#include <cstddef>
#include <vector>

#include "kernels/cpu/loops.h"
#include "kernels/shapes.h"
#include "kernels/view.h"

namespace kernels::cpu {

struct MatrixProduct;

namespace winograd {
struct Matrices;
struct Pass;
struct Channels;
struct Weights;
struct Chunk;
}  // namespace winograd

class Winograd {
 public:
  Winograd(std::size_t threads, const LayerLoops& loops);

  // Whether all three passes take this shape, and are the faster choice.
  [[nodiscard]] static bool suits(const ConvShape& shape);

  void forward(const ConvShape& shape, const float* in, const float* weight, const float* bias,
               float* out);
  void backward_data(const ConvShape& shape, const float* weight, const float* d_out, float* d_in);
  void backward_weight(const ConvShape& shape, const float* in, const float* d_out,
                       float* d_weight);

 private:
  using Pass = winograd::Pass;
  using Channels = winograd::Channels;
  using Weights = winograd::Weights;
  using Chunk = winograd::Chunk;
  using Matrices = winograd::Matrices;
  // What one thread works in: products of windows, tiles and weights.
  struct Desk {
    Buffer windows;
    Buffer tiles;
    Buffer weights;
    Buffer beyond;  // where pixels beyond an edge are written
  };

  // Calls action(desk, chunk) for all tiles, a few at a time. Returns how many desks had some.
  template <typename Action>
  std::size_t for_chunks(const Pass& pass, std::size_t columns, Action action);
  const float* transform(const Pass& pass, const Channels& part, const float* weight);
  void multiply_all(const MatrixProduct& product, const Matrices& a, const Matrices& b, float* c,
                    std::size_t c_step) const;
  void take_windows(const Pass& pass, const Chunk& chunk, const float* from, Desk& desk);
  void take_d_tiles(const Pass& pass, const Chunk& chunk, const Channels& part, const float* d_out,
                    Desk& desk);
  void write_tiles(const Pass& pass, const Chunk& chunk, const Channels& part, float* to,
                   Desk& desk);
  void convolve(const Pass& pass, const float* from, const float* weight, float* to);
  void finish_weights(const Weights& weights, std::size_t used, float* d_weight);

  const LayerLoops& loops_;
  std::vector<Desk> desks_;
  Buffer weights_;  // their products
  Buffer zeros_;
};

}  // namespace kernels::cpu
