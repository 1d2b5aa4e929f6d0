#pragma once
// How exactly products are computed.

#include <bit>
#include <cstdint>
#include <string_view>

namespace kernels {

// Of the products in dense layers and convolutions, forward and backward. kBf16: each factor (what
// comes in, weights, gradients) is rounded to the nearest bf16, products of such numbers are summed
// in f32 or better, and the result is f32. kTf32: the same of factors cut to 11 significant bits,
// by whatever rule the device has: it lies in no memory, a GPU's tensor cores read f32 so. Nothing
// else changes: biases are added and summed in f32, and every other operator computes in f32. But
// for attention under kBf16, on a device that has all of it in one (a GPU with cuDNN, for shapes
// that cuDNN has an engine for): its factors (queries, keys, values, shares of attention, gradients
// of these) are rounded to bf16, and so are its results, forward and backward; sums and
// exponentials are f32. All that lies in memory is f32, but for what is a bf16 factor and nothing
// else, and copies of weights beside them (Backend::takes_rounded(), ConstView::beside()). f64,
// which only the reference takes, is never rounded.
enum class Precision : std::uint8_t { kF32, kTf32, kBf16 };

[[nodiscard]] constexpr std::string_view name_of(Precision precision) {
  if (precision == Precision::kTf32) return "tf32";
  return precision == Precision::kBf16 ? "bf16" : "f32";
}

// The other way; any other word than these is f32.
[[nodiscard]] constexpr Precision precision_of(std::string_view name) {
  for (const Precision each : {Precision::kTf32, Precision::kBf16})
    if (name == name_of(each)) return each;
  return Precision::kF32;
}

// The nearest number without the last `kBits` of its 24 significant bits, ties to even. Beyond the
// largest lies infinity, as with f32; what is no number stays none, so that a run that diverges
// shows it.
template <unsigned kBits>
[[nodiscard]] constexpr float nearest_without(float x) {
  constexpr std::uint32_t kLow = (1U << kBits) - 1U;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (x != x) return x;
  const std::uint32_t rounded = bits + (kLow >> 1U) + ((bits >> kBits) & 1U);
  return std::bit_cast<float>(rounded & ~kLow);
}

// Of 8 significant bits; the largest is 3.39e38. (kernels/cells.h has bf16 for the wire, where
// nothing but finite numbers may come out.)
[[nodiscard]] constexpr float nearest_bf16(float x) { return nearest_without<16>(x); }
// Of 11.
[[nodiscard]] constexpr float nearest_tf32(float x) { return nearest_without<13>(x); }

}  // namespace kernels
