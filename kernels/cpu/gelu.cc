#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"

namespace kernels::cpu {

void CpuBackend::gelu_forward(ConstView in, View out) {
  CHECK(in.count() == out.count());
  loops_.gelu(f32(in), f32(out), in.count());
}

void CpuBackend::gelu_backward(ConstView in, ConstView d_out, View d_in) {
  CHECK(in.count() == d_out.count() && in.count() == d_in.count());
  loops_.gelu_backward(f32(in), f32(d_out), f32(d_in), in.count());
}

}  // namespace kernels::cpu
