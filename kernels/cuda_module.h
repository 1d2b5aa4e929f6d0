#pragma once
// Finding and loading the CUDA module (kernels/cuda/module.h).

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cuda/module.h"
#include "runtime/result.h"

namespace kernels {

// What loading needs: the driver's library, and the folders where the module may lie, best first.
struct CudaFiles {
  std::string driver = "libcuda.so.1";
  std::vector<std::filesystem::path> folders;
};

// Where a built or installed program keeps the module: beside itself, or in the library folder.
[[nodiscard]] CudaFiles default_cuda_files();

// Opens a GPU. The error says what is missing: "no NVIDIA driver (libcuda.so.1) on
// this machine". A module that was loaded stays loaded for as long as the process lives.
[[nodiscard]] runtime::Result<std::unique_ptr<Backend>> open_cuda(const CudaOptions& options,
                                                                  const CudaFiles& files);

}  // namespace kernels
