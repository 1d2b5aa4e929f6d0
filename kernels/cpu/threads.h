#pragma once
// The threads that oneDNN computes with. The only file that knows of OpenMP.

#include <cstddef>

namespace kernels::cpu {

// False where oneDNN was built without OpenMP, so that its thread count is not ours to set.
[[nodiscard]] bool can_set_threads();

// From here on, oneDNN's calls from this thread compute with `count` threads.
void use_threads(std::size_t count);

}  // namespace kernels::cpu
