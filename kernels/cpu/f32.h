#pragma once

#include "kernels/view.h"

namespace kernels::cpu {

// The numbers behind a view of f32: a CHECK failure for any other type.
[[nodiscard]] inline const float* f32(const ConstView& view) { return view.as<float>().data(); }
[[nodiscard]] inline float* f32(const View& view) { return view.as<float>().data(); }

}  // namespace kernels::cpu
