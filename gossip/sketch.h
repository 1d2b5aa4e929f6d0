#pragma once
// A small random projection of a long vector, so that the distance of two vectors can be told from
// two sketches. Every coordinate goes, with a random sign, to one of `width` sums; the expected
// squared distance of two sketches is that of the vectors, with a relative standard deviation of at
// most sqrt(2 / width). (Charikar, Chen, Farach-Colton 2002: count sketch. Here coordinates that
// lie side by side never share a sum: each run of `width` of them is rotated as a whole. Devices do
// the same: kernels::SketchShape.)

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/view.h"
#include "runtime/pool.h"

namespace gossip {

// Signs and rotations of one run: the same for all its peers.
struct SketchOptions {
  std::size_t width = 1024;  // a power of two
  std::uint64_t seed = 1;
};

// A sketch that is passed around; those of a steady run come back.
using Sketch = std::vector<float>;
using SketchPool = runtime::Pool<std::unique_ptr<Sketch>>;
inline constexpr std::size_t kSketchesFreeMax = 8;

// sums += scale * (projection of `numbers`), where numbers[0] is coordinate `first` of the vector:
// linear, so a vector can be sketched in pieces. `sums` has `width` entries.
void add_to_sketch(const SketchOptions& options, std::size_t first, double scale,
                   kernels::ConstView numbers, std::span<double> sums);

}  // namespace gossip
