#include "kernels/vector.h"

#include <algorithm>

#include "kernels/cpu/backend.h"
#include "kernels/cpu/threads.h"

namespace kernels::cpu {
namespace {

constexpr std::size_t kPiece = 16384;  // numbers: four vectors of f32 take a quarter of a megabyte

}  // namespace

void CpuBackend::share_out(std::size_t count,
                           void (*action)(void* context, std::size_t first, std::size_t size),
                           void* context) {
  const std::size_t pieces = (count + kPiece - 1) / kPiece;
  const std::size_t parts = std::min(threads_, pieces);
  for_parts(parts, [&](std::size_t part) {
    for (std::size_t piece = pieces * part / parts; piece < pieces * (part + 1) / parts; ++piece)
      action(context, piece * kPiece, std::min(kPiece, count - piece * kPiece));
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

double CpuBackend::dot(ConstView x, ConstView y) { return vector::dot(x, y); }

}  // namespace kernels::cpu
