#define MURMUR_ISA v4
#include "kernels/cpu/loops.inc"

namespace kernels::cpu {

// oneDNN's AVX-512 code comes to 60 to 80 per cent of the peak, which is twice what packs of eight
// can, but to 17 per cent where channels do not fill a pack.
constexpr LayerLoops kV4Layers = v4::loops(kConvPack - 1);

}  // namespace kernels::cpu
