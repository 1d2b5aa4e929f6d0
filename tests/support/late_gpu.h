#pragma once
// The CUDA backend on a GPU that is not there (tests/late_gpu/).

#include <memory>
#include <utility>

#include "kernels/cuda_module.h"
#include "runtime/check.h"

namespace test {

// Its memory must go before the process's statics do.
inline std::unique_ptr<kernels::Backend> late_gpu(
    kernels::Precision precision = kernels::Precision::kF32) {
  // Any library that is there stands for the driver's.
  auto opened = kernels::open_cuda({.device = 0, .precision = precision},
                                   {.driver = "libc.so.6", .folders = {MURMUR_LATE_GPU}});
  if (!opened) runtime::fail_check(__FILE__, __LINE__, opened.error().message.c_str());
  return std::move(opened).value();
}

}  // namespace test
