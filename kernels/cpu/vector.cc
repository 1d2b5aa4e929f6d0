#include "kernels/vector.h"

#include <algorithm>

#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/cpu/threads.h"
#include "kernels/pieces.h"

namespace kernels::cpu {
void CpuBackend::share_out(std::size_t count,
                           void (*action)(void* context, std::size_t first, std::size_t size),
                           void* context) {
  const std::size_t pieces = (count + kPieceNumbers - 1) / kPieceNumbers;
  const std::size_t parts = std::min(threads_, pieces);
  for_parts(parts, [&](std::size_t part) {
    for (std::size_t piece = pieces * part / parts; piece < pieces * (part + 1) / parts; ++piece)
      action(context, piece * kPieceNumbers,
             std::min(kPieceNumbers, count - piece * kPieceNumbers));
  });
}

void CpuBackend::fill(double a, View x) { vector::fill(a, x); }

void CpuBackend::copy(ConstView x, View y) { vector::copy(x, y); }

void CpuBackend::scale(double a, View x) { vector::scale(a, x); }

void CpuBackend::axpy(double a, ConstView x, View y) { vector::axpy(a, x, y); }

void CpuBackend::accumulate(double a, double b, View x, View y) { vector::accumulate(a, b, x, y); }

void CpuBackend::accumulate_squares(double a, double b, ConstView x, View y) {
  vector::accumulate_squares(a, b, x, y);
}

void CpuBackend::divide_by_root(double a, double epsilon, ConstView x, View y) {
  vector::divide_by_root(a, epsilon, x, y);
}

void CpuBackend::weighted_sum(double a, ConstView x, double b, ConstView y, View out) {
  vector::weighted_sum(a, x, b, y, out);
}

void CpuBackend::round(ConstView x, View rounded) {
  CHECK(takes_rounded() && x.count() == rounded.count());
  loops_.round_to_bits(f32(x), bf16(rounded), x.count());
}

double CpuBackend::dot(ConstView x, ConstView y) { return vector::dot(x, y); }

}  // namespace kernels::cpu
