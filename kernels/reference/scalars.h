#pragma once

#include "kernels/view.h"

namespace kernels::reference {

// Calls action(T{}) for the type that a view says; whole numbers are no operand of an operator.
template <typename Action>
auto with_type(Scalar scalar, Action action) {
  CHECK(is_real(scalar));
  if (scalar == Scalar::kF32) return action(float{});
  return action(double{});
}

}  // namespace kernels::reference
