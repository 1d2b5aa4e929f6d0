#define MURMUR_ISA plain
#include "kernels/cpu/loops.inc"

namespace kernels::cpu {

// Packs of eight do not fit the registers: oneDNN convolves.
constexpr LayerLoops kPlainLayers = plain::loops(ConvUse::kNever);

}  // namespace kernels::cpu
