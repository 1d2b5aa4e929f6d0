#pragma once

#include <cstdint>

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

}  // namespace kernels::cpu
