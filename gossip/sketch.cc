#include "gossip/sketch.h"

#include <algorithm>
#include <bit>

#include "runtime/check.h"
#include "runtime/random.h"

namespace gossip {
namespace {

constexpr std::size_t kSignsPerDraw = 64;

// The signs of up to 64 coordinates that lie side by side, and the sums that they go to.
template <typename T>
void add_signed(std::uint64_t signs, double scale, std::span<const T> numbers, double* sums) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double sign = ((signs >> i) & 1U) != 0 ? -scale : scale;
    sums[i] += sign * static_cast<double>(numbers[i]);
  }
}

template <typename T>
void add(const SketchOptions& options, std::size_t first, double scale, std::span<const T> numbers,
         std::span<double> sums) {
  const std::size_t mask = options.width - 1;
  for (std::size_t done = 0; done < numbers.size();) {
    const std::size_t coordinate = first + done;
    const std::uint64_t draw = coordinate / kSignsPerDraw;
    const std::uint64_t run = coordinate / options.width;
    const std::size_t rotation = runtime::mix_bits(options.seed ^ runtime::mix_bits(~run));
    const std::size_t sum = (coordinate + rotation) & mask;
    // To the end of the draw, of the sums, of the run or of the numbers, whichever comes first.
    const std::size_t count =
        std::min({kSignsPerDraw - coordinate % kSignsPerDraw, options.width - sum,
                  options.width - (coordinate & mask), numbers.size() - done});
    const std::uint64_t signs =
        runtime::mix_bits(options.seed + runtime::mix_bits(draw)) >> (coordinate % kSignsPerDraw);
    add_signed(signs, scale, numbers.subspan(done, count), &sums[sum]);
    done += count;
  }
}

}  // namespace

void add_to_sketch(const SketchOptions& options, std::size_t first, double scale,
                   kernels::ConstView numbers, std::span<double> sums) {
  CHECK(std::has_single_bit(options.width) && sums.size() == options.width);
  if (numbers.scalar() == kernels::Scalar::kF64)
    return add(options, first, scale, numbers.as<double>(), sums);
  add(options, first, scale, numbers.as<float>(), sums);
}

}  // namespace gossip
