#define MURMUR_ISA v4
#include "kernels/vector/cells.inc"
#include "kernels/vector/loops.inc"

namespace kernels::vector {

constexpr InstructionSet kV4{"x86-64-v4", v4::loops<float>(), v4::loops<double>(), v4::cells()};

}  // namespace kernels::vector
