#pragma once
// What CUDA and cuBLAS answer once a device has been opened: anything but success is a bug or a
// broken machine, and ends the process.

#include <cublas_v2.h>
#include <cuda_runtime.h>

namespace kernels::cuda {

// Return on success; otherwise print "file:line: check failed: call: the library's text" and abort.
void expect(cudaError_t status, const char* call, const char* file, int line);
void expect(cublasStatus_t status, const char* call, const char* file, int line);

}  // namespace kernels::cuda

#define CUDA_CHECK(call) ::kernels::cuda::expect((call), #call, __FILE__, __LINE__)
