#define MURMUR_ISA v4
#include "kernels/cpu/loops.inc"

namespace kernels::cpu {

constexpr LayerLoops kV4Layers = v4::loops();

}  // namespace kernels::cpu
