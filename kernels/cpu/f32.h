#pragma once

#include <cstdint>

#include "kernels/cpu/onednn.h"
#include "kernels/view.h"

namespace kernels::cpu {

// The numbers behind a view of f32: a CHECK failure for any other type.
[[nodiscard]] inline const float* f32(const ConstView& view) { return view.as<float>().data(); }
[[nodiscard]] inline float* f32(const View& view) { return view.as<float>().data(); }
// The same of bf16, as bits.
[[nodiscard]] inline const std::uint16_t* bf16(const ConstView& view) {
  return view.as<std::uint16_t>().data();
}
[[nodiscard]] inline std::uint16_t* bf16(const View& view) {
  return view.as<std::uint16_t>().data();
}

// Factors of products, as bf16 where they are there so.
[[nodiscard]] inline Numbers factor_of(const ConstView& view) {
  if (view.scalar() == Scalar::kBf16) return {bf16(view), true};
  if (!view.rounded().empty()) return {bf16(view.rounded()), true};
  return {f32(view), false};
}
// Where a product goes, of either type.
[[nodiscard]] inline Result result_in(const View& view) {
  if (view.scalar() == Scalar::kBf16) return {bf16(view), true};
  return {f32(view), false};
}

}  // namespace kernels::cpu
