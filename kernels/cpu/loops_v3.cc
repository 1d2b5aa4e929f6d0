#define MURMUR_ISA v3
#include "kernels/cpu/loops.inc"

namespace kernels::cpu {

constexpr LayerLoops kV3Layers = v3::loops();

}  // namespace kernels::cpu
