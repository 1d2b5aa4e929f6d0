#pragma once
// From the shape of a layer to the call of oneDNN that computes it. Each throws dnnl::error where
// oneDNN has no such primitive. Operands in the order of kernels/cpu/onednn.h, the bias after the
// weights.

#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/cpu/onednn.h"
#include "kernels/cpu/onednn_call.h"
#include "kernels/cpu/onednn_key.h"
#include "kernels/shapes.h"

namespace kernels::cpu {

// What a call is made with.
struct Workshop {
  dnnl::engine engine;
  Factors factors;
  Rounded rounded;
};

[[nodiscard]] Call make_forward(const DenseShape& shape, const Workshop& workshop);
[[nodiscard]] Call make_backward_data(const DenseShape& shape, const Workshop& workshop);
[[nodiscard]] Call make_backward_weight(const DenseShape& shape, const Workshop& workshop);

[[nodiscard]] Call make_forward(const ConvShape& shape, const Workshop& workshop);
[[nodiscard]] Call make_backward_data(const ConvShape& shape, const Workshop& workshop);
[[nodiscard]] Call make_backward_weight(const ConvShape& shape, const Workshop& workshop);

}  // namespace kernels::cpu
