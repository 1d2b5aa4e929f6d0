#define MURMUR_ISA v3
#include "kernels/cpu/loops.inc"

namespace kernels::cpu {

// oneDNN's AVX2 code for channels-last images is slower throughout.
constexpr LayerLoops kV3Layers = v3::loops(ConvUse::kAlways);

}  // namespace kernels::cpu
