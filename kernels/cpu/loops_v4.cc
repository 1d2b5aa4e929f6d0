#define MURMUR_ISA v4
#include "kernels/cpu/loops.inc"

namespace kernels::cpu {

// oneDNN's AVX-512 code comes to the peak where channels fill its packs, and to 16 to 80 per cent
// of it where they do not.
constexpr LayerLoops kV4Layers = v4::loops(ConvUse::kOddChannels);

}  // namespace kernels::cpu
