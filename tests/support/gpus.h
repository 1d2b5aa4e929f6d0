#pragma once
// For what every GPU must do alike: the one that is not there, and the first that this machine has.

#include <string>
#include <vector>

#include "tests/support/late_gpu.h"

namespace test {

inline runtime::Result<std::unique_ptr<kernels::Backend>> first_gpu() {
  kernels::CudaFiles files;
  files.folders = {MURMUR_CUDA_FOLDER};
  return kernels::open_cuda({.device = 0}, files);
}

// Names for gpu(). The late one twice: of two that are opened in turn each is late in another way
// (tests/late_gpu/blas.cc).
inline std::vector<std::string> gpus() {
  static const bool is_there = static_cast<bool>(first_gpu());
  std::vector<std::string> names{"late", "late in another way"};
  if (is_there) names.emplace_back("cuda:0");
  return names;
}

inline std::unique_ptr<kernels::Backend> gpu(const std::string& name) {
  if (name != "cuda:0") return late_gpu();
  auto opened = first_gpu();
  if (!opened) runtime::fail_check(__FILE__, __LINE__, opened.error().message.c_str());
  return std::move(opened).value();
}

}  // namespace test
