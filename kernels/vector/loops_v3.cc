#define MURMUR_ISA v3
#include "kernels/vector/cells.inc"
#include "kernels/vector/loops.inc"

namespace kernels::vector {

constexpr InstructionSet kV3{"x86-64-v3", v3::loops<float>(), v3::loops<double>(), v3::cells()};

}  // namespace kernels::vector
