#pragma once

#include <cstddef>

#include "kernels/backend.h"

namespace peers {

// Where vectors as long as the model live: what the parts of a policy keep. The backend outlives
// them.
struct VectorSpace {
  kernels::Backend* backend = nullptr;
  std::size_t count = 0;
  kernels::Scalar scalar = kernels::Scalar::kF32;

  [[nodiscard]] kernels::Buffer zeros() const { return backend->allocate(count, scalar); }
};

}  // namespace peers
