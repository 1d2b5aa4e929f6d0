#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {
namespace {

// Of so many images.
Windows windows_of(const PoolShape& s, std::size_t images) {
  return {images,         s.channels,    s.in_height, s.in_width,
          s.out_height(), s.out_width(), s.window,    s.stride};
}

std::size_t in_image(const PoolShape& s) { return s.in_count() / s.batch; }
std::size_t out_image(const PoolShape& s) { return s.out_count() / s.batch; }

}  // namespace

void CpuBackend::pool_forward(const PoolShape& shape, ConstView in, View out) {
  CHECK(fits(shape, in, out));
  const auto pool = shape.kind == PoolKind::kMax ? loops_.pool_max : loops_.pool_average;
  for_row_parts({shape.batch, in_image(shape)}, threads_, [&](const RowPart& part) {
    pool(windows_of(shape, part.count), f32(in) + part.first * in_image(shape),
         f32(out) + part.first * out_image(shape));
  });
}

void CpuBackend::pool_backward(const PoolShape& shape, const PoolSaved& saved, ConstView d_out,
                               View d_in) {
  CHECK(fits(shape, saved.in, saved.out));
  CHECK(fits(shape, d_in, d_out));
  for_row_parts({shape.batch, in_image(shape)}, threads_, [&](const RowPart& part) {
    const Windows windows = windows_of(shape, part.count);
    const std::size_t in = part.first * in_image(shape);
    const std::size_t out = part.first * out_image(shape);
    if (shape.kind == PoolKind::kAverage)
      loops_.pool_average_backward(windows, f32(d_out) + out, f32(d_in) + in);
    else
      loops_.pool_max_backward(windows, f32(saved.in) + in, f32(saved.out) + out, f32(d_out) + out,
                               f32(d_in) + in);
  });
}

}  // namespace kernels::cpu
