#define MURMUR_ISA plain
#include "kernels/vector/cells.inc"
#include "kernels/vector/loops.inc"

namespace kernels::vector {

constexpr InstructionSet kPlain {
#if defined(__x86_64__)
  "x86-64-v2",
#else
  "plain",
#endif
      plain::loops<float>(), plain::loops<double>(), plain::cells()
};

}  // namespace kernels::vector
