#include "kernels/cuda/status.h"

#include <string>

#include "runtime/check.h"

namespace kernels::cuda {
namespace {

[[noreturn]] void fail(const char* call, const char* text, const char* file, int line) {
  runtime::fail_check(file, line, (std::string(call) + ": " + text).c_str());
}

}  // namespace

void expect(cudaError_t status, const char* call, const char* file, int line) {
  if (status != cudaSuccess) fail(call, cudaGetErrorString(status), file, line);
}

void expect(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status != CUBLAS_STATUS_SUCCESS) fail(call, cublasGetStatusString(status), file, line);
}

}  // namespace kernels::cuda
