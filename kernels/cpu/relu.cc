#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"

namespace kernels::cpu {

void CpuBackend::relu_forward(ConstView in, View out) {
  CHECK(in.count() == out.count());
  loops_.relu(f32(in), f32(out), in.count());
}

void CpuBackend::relu_backward(ConstView out, ConstView d_out, View d_in) {
  CHECK(out.count() == d_out.count() && out.count() == d_in.count());
  loops_.mask(f32(out), f32(d_out), f32(d_in), out.count());
}

}  // namespace kernels::cpu
