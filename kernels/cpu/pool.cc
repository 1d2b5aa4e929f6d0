#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {
namespace {

Windows windows_of(const PoolShape& s) {
  return {s.batch,        s.channels,    s.in_height, s.in_width,
          s.out_height(), s.out_width(), s.window,    s.stride};
}

}  // namespace

void CpuBackend::pool_forward(const PoolShape& shape, ConstView in, View out) {
  CHECK(fits(shape, in, out));
  const auto pool = shape.kind == PoolKind::kMax ? loops_.pool_max : loops_.pool_average;
  pool(windows_of(shape), f32(in), f32(out));
}

void CpuBackend::pool_backward(const PoolShape& shape, const PoolSaved& saved, ConstView d_out,
                               View d_in) {
  CHECK(fits(shape, saved.in, saved.out));
  CHECK(fits(shape, d_in, d_out));
  const Windows windows = windows_of(shape);
  if (shape.kind == PoolKind::kAverage)
    loops_.pool_average_backward(windows, f32(d_out), f32(d_in));
  else
    loops_.pool_max_backward(windows, f32(saved.in), f32(saved.out), f32(d_out), f32(d_in));
}

}  // namespace kernels::cpu
