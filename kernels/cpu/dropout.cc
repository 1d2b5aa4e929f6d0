#include "kernels/dropout.h"

#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {

void CpuBackend::dropout(const DropoutMask& mask, ConstView in, View out) {
  CHECK(fits(mask, in, out));
  const DropoutNumbers numbers(mask);
  loops_.dropout(
      {numbers.low, numbers.high, numbers.dropped_below, static_cast<float>(numbers.factor)},
      f32(in), f32(out), in.count());
}

}  // namespace kernels::cpu
