#pragma once
// How exactly products are computed.

#include <bit>
#include <cstdint>
#include <string_view>

namespace kernels {

// Of the products in dense layers and convolutions, forward and backward. kBf16: each factor (what
// comes in, weights, gradients) is rounded to the nearest bf16, products of such numbers are summed
// in f32 or better, and the result is f32. Nothing else changes: biases are added and summed in
// f32, and every other operator, attention included, computes in f32. All that lies in memory is
// f32, but for what is such a factor and nothing else, and copies of weights beside them
// (Backend::takes_rounded(), ConstView::beside()). f64, which only the reference takes, is never
// rounded.
enum class Precision : std::uint8_t { kF32, kBf16 };

[[nodiscard]] constexpr std::string_view name_of(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : "f32";
}

// The other way; any other word than "bf16" is f32.
[[nodiscard]] constexpr Precision precision_of(std::string_view name) {
  return name == name_of(Precision::kBf16) ? Precision::kBf16 : Precision::kF32;
}

// The nearest number of 8 significant bits, ties to even. Beyond the largest, 3.39e38, lies
// infinity, as with f32; what is no number stays none, so that a run that diverges shows it.
// (kernels/cells.h has bf16 for the wire, where nothing but finite numbers may come out.)
[[nodiscard]] constexpr float nearest_bf16(float x) {
  constexpr std::uint32_t kLow = 0xFFFFU;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (x != x) return x;
  const std::uint32_t rounded = bits + (kLow >> 1U) + ((bits >> 16U) & 1U);
  return std::bit_cast<float>(rounded & ~kLow);
}

}  // namespace kernels
