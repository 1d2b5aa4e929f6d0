#pragma once
// Numbers in fewer bits, and back: what codecs are made of. On host memory, compiled for several
// instruction sets like kernels/vector.h, with the same bits on all of them. Thread-safe (pure).
// Numbers are finite f32; what a cell cannot hold saturates.

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/view.h"

namespace kernels::cells {

enum class Kind : std::uint8_t { kBf16, kF16, kInt8, kInt4 };

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

// Of so many numbers: the scales of all groups, if the kind has any, then the cells.
[[nodiscard]] constexpr std::size_t scale_bytes(std::size_t count) {
  return groups_of(count) * sizeof(float);
}
[[nodiscard]] constexpr std::size_t payload_bytes(Kind kind, std::size_t count) {
  if (kind == Kind::kInt8) return scale_bytes(count) + count;
  if (kind == Kind::kInt4) return scale_bytes(count) + int4_bytes(count);
  return 2 * count;
}
// The same as a view of a device's memory, whose smallest numbers are these.
inline constexpr Scalar kPayloadScalar = Scalar::kI32;
[[nodiscard]] constexpr std::size_t payload_words(Kind kind, std::size_t count) {
  return (payload_bytes(kind, count) + 3) / 4;
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

}  // namespace kernels::cells
