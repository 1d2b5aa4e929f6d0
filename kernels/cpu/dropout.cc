#include "kernels/dropout.h"

#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {

void CpuBackend::dropout(const DropoutMask& mask, ConstView key, ConstView in, View out) {
  CHECK(fits(mask, key, in, out));
  const DropoutKey of_mask(key.as<std::int32_t>().data());
  const DropoutNumbers numbers(mask);
  loops_.dropout(
      {of_mask.low, of_mask.high, numbers.dropped_below, static_cast<float>(numbers.factor)},
      f32(in), f32(out), in.count());
}

}  // namespace kernels::cpu
