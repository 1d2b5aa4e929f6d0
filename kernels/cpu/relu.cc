#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"

namespace kernels::cpu {

void CpuBackend::relu_forward(ConstView in, View out) {
  CHECK(in.count() == out.count());
  in_pieces(in.count(), [&](std::size_t first, std::size_t count) {
    loops_.relu(f32(in) + first, f32(out) + first, count);
  });
}

void CpuBackend::relu_backward(ConstView out, ConstView d_out, View d_in) {
  CHECK(out.count() == d_out.count() && out.count() == d_in.count());
  in_pieces(out.count(), [&](std::size_t first, std::size_t count) {
    loops_.mask(f32(out) + first, f32(d_out) + first, f32(d_in) + first, count);
  });
}

}  // namespace kernels::cpu
