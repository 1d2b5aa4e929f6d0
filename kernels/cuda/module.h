#pragma once
// The one name that the CUDA module exports. kernels/open_backend.cc loads the module and asks for
// it.

#include <cstddef>

#include "kernels/backend.h"

namespace kernels {

// Which GPU, from 0, and what it should compute in; f32 where it cannot (Backend::precision).
struct CudaOptions {
  int device = 0;
  Precision precision = Precision::kF32;
};

}  // namespace kernels

// Opens a GPU. The backend is the caller's to delete, and the module must stay loaded while it or
// memory of its lives. On failure returns null and leaves in `error` (at
// most `error_bytes`, the ending zero included) one line for a person: no driver, a driver too old,
// no such device.
extern "C" [[nodiscard]] __attribute__((visibility("default"))) kernels::Backend* murmur_open_cuda(
    const kernels::CudaOptions& options, char* error, std::size_t error_bytes);
