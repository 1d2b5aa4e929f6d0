#include "kernels/cpu/loops.h"

#include "kernels/vector/loops.h"

namespace kernels::cpu {

const LayerLoops& layer_loops() {
#if defined(__x86_64__)
  const vector::InstructionSets& all = vector::available();
  const vector::InstructionSet* best = all.sets[all.count - 1];
  if (best == &vector::kV4) return kV4Layers;
  if (best == &vector::kV3) return kV3Layers;
#endif
  return kPlainLayers;
}

}  // namespace kernels::cpu
