#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"

namespace kernels::cpu {

void CpuBackend::gelu_forward(ConstView in, View out) {
  CHECK(in.count() == out.count());
  in_pieces(in.count(), [&](std::size_t first, std::size_t count) {
    loops_.gelu(f32(in) + first, f32(out) + first, count);
  });
}

void CpuBackend::gelu_backward(ConstView in, ConstView d_out, View d_in) {
  CHECK(in.count() == d_out.count() && in.count() == d_in.count());
  in_pieces(in.count(), [&](std::size_t first, std::size_t count) {
    loops_.gelu_backward(f32(in) + first, f32(d_out) + first, f32(d_in) + first, count);
  });
}

}  // namespace kernels::cpu
