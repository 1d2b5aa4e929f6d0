#define MURMUR_ISA plain
#include "kernels/cpu/loops.inc"

namespace kernels::cpu {

constexpr LayerLoops kPlainLayers = plain::loops();

}  // namespace kernels::cpu
