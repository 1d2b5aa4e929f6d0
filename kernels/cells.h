#pragma once
// Numbers in fewer bits, and back: what codecs are made of. On host memory, compiled for several
// instruction sets like kernels/vector.h, with the same bits on all of them. Thread-safe (pure).
// Numbers are finite f32; what a cell cannot hold saturates.

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/view.h"

namespace kernels::cells {

// The last three say less than something of every number: the largest `kept` as they are, `kept`
// that follow from a seed as they are, or of each number whether it is negative.
enum class Kind : std::uint8_t { kBf16, kF16, kInt8, kInt4, kTopK, kRandomK, kSign };

// How the numbers of a block become a payload.
struct Coding {
  Kind kind = Kind::kBf16;
  std::size_t kept = 0;    // of kTopK and kRandomK; at least one of one number or more
  std::uint64_t seed = 0;  // of kRandomK
};

// The nearest cell, ties to even. As many cells as numbers.
void to_bf16(std::span<const float> x, std::span<std::uint16_t> cells);  // up to 3.39e38
void to_f16(std::span<const float> x, std::span<std::uint16_t> cells);   // up to 65504
// False where a cell is NaN or infinity; the numbers are of no use then.
[[nodiscard]] bool from_bf16(std::span<const std::uint16_t> cells, std::span<float> x);
[[nodiscard]] bool from_f16(std::span<const std::uint16_t> cells, std::span<float> x);

// Integers times one scale for each group of numbers: x = scale * cell, which is exact, since a
// scale has 16 significant bits. The largest magnitude of a group becomes the largest integer; a
// group below 2^-100 becomes zeros.
inline constexpr std::size_t kGroup = 256;
inline constexpr float kScaleMax = 0x1p120F;  // a scale lies in [0, kScaleMax]
[[nodiscard]] constexpr std::size_t groups_of(std::size_t count) {
  return (count + kGroup - 1) / kGroup;
}
// Two a byte, the first half of a group in the low bits, the second in the high ones. An odd group
// leaves the last high bits zero.
[[nodiscard]] constexpr std::size_t int4_bytes(std::size_t count) { return (count + 1) / 2; }

// A bit for each number, the first in the lowest of a byte.
[[nodiscard]] constexpr std::size_t bitmap_bytes(std::size_t count) { return (count + 7) / 8; }
// Which numbers kTopK keeps is said by a bitmap where that is shorter than their positions, in
// order, as u32.
[[nodiscard]] constexpr bool has_bitmap(std::size_t count, std::size_t kept) {
  return bitmap_bytes(count) < kept * sizeof(std::uint32_t);
}
[[nodiscard]] constexpr std::size_t position_bytes(std::size_t count, std::size_t kept) {
  return has_bitmap(count, kept) ? bitmap_bytes(count) : kept * sizeof(std::uint32_t);
}

// Of so many numbers: the scales of all groups, if the kind has any, then the cells. kTopK: the
// numbers that are kept, in order, then their positions. kRandomK: the seed, then the numbers, in
// the order of kernels/permutation.h. kSign: the mean magnitude, then a bitmap.
[[nodiscard]] constexpr std::size_t scale_bytes(std::size_t count) {
  return groups_of(count) * sizeof(float);
}
[[nodiscard]] constexpr std::size_t payload_bytes(const Coding& coding, std::size_t count) {
  switch (coding.kind) {
    case Kind::kInt8:
      return scale_bytes(count) + count;
    case Kind::kInt4:
      return scale_bytes(count) + int4_bytes(count);
    case Kind::kTopK:
      return coding.kept * sizeof(float) + position_bytes(count, coding.kept);
    case Kind::kRandomK:
      return sizeof coding.seed + coding.kept * sizeof(float);
    case Kind::kSign:
      return sizeof(float) + bitmap_bytes(count);
    case Kind::kBf16:
    case Kind::kF16:
      break;
  }
  return 2 * count;
}
// The same as a view of a device's memory, whose smallest numbers are these.
inline constexpr Scalar kPayloadScalar = Scalar::kI32;
[[nodiscard]] constexpr std::size_t payload_words(const Coding& coding, std::size_t count) {
  return (payload_bytes(coding, count) + 3) / 4;
}

// From -127 to 127, or from -7 to 7. groups_of(x.size()) scales.
void to_int8(std::span<const float> x, std::span<float> scales, std::span<std::int8_t> cells);
void to_int4(std::span<const float> x, std::span<float> scales, std::span<std::uint8_t> cells);
// Any cell is a number. The scales must lie in their range.
void from_int8(std::span<const float> scales, std::span<const std::int8_t> cells,
               std::span<float> x);
void from_int4(std::span<const float> scales, std::span<const std::uint8_t> cells,
               std::span<float> x);

// The positions of all numbers with |x| > threshold, in order, as far as `positions` has room;
// returns how many there are, or positions.size() + 1 where they are more. threshold >= 0.
[[nodiscard]] std::size_t above(std::span<const float> x, float threshold,
                                std::span<std::uint32_t> positions);

// Summed in f64 by as many lanes, number i by lane i % kLanes, and then lane by lane: an order that
// a device's threads can share out. 0 of no numbers.
inline constexpr std::size_t kLanes = 1024;
[[nodiscard]] float mean_magnitude(std::span<const float> x);

}  // namespace kernels::cells
