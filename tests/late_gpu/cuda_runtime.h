#pragma once
// The part of CUDA's runtime that kernels/cuda/ uses, for a GPU that is not there: what is queued
// is done on the host, as late as CUDA allows, when somebody waits for it; of every second GPU that
// is opened (tests/late_gpu/blas.cc) what it computes is done at once, and only its copies late. So
// what a test of the CUDA backend gets right here it gets right because the backend waited where it
// must; what a real GPU does besides (many threads at once, its own arithmetic, its speed) this
// does not show. Names and meaning: CUDA Runtime API.

#include <math.h>  // NOLINT: CUDA has these names outside of std

#include <cstddef>

// Device code is the host's.
#define __device__  // NOLINT: CUDA's name

[[noreturn]] void __trap();  // NOLINT
// One body runs at a time.
inline unsigned atomicAdd(unsigned* address, unsigned value) {  // NOLINT
  const unsigned before = *address;
  *address = before + value;
  return before;
}

enum cudaError_t {
  cudaSuccess,
  cudaErrorMemoryAllocation,
  cudaErrorInvalidValue,
  cudaErrorInsufficientDriver,
  cudaErrorNoDevice,
  cudaErrorStreamCaptureUnsupported,
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal };
using cudaStream_t = struct CUstream_st*;
using cudaEvent_t = struct CUevent_st*;
using cudaGraph_t = struct CUgraph_st*;
using cudaGraphExec_t = struct CUgraphExec_st*;

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  int major;
  int minor;
};

constexpr int CUDART_VERSION = 13000;
constexpr unsigned cudaStreamNonBlocking = 1;
constexpr unsigned cudaEventBlockingSync = 1;
constexpr unsigned cudaEventDisableTiming = 2;
constexpr unsigned cudaHostAllocPortable = 1;

[[nodiscard]] cudaError_t cudaGetLastError();
[[nodiscard]] const char* cudaGetErrorString(cudaError_t error);
[[nodiscard]] cudaError_t cudaDriverGetVersion(int* version);
[[nodiscard]] cudaError_t cudaGetDeviceCount(int* count);
[[nodiscard]] cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
[[nodiscard]] cudaError_t cudaSetDevice(int device);

// Fresh memory is all ones: as a number, none.
[[nodiscard]] cudaError_t cudaMalloc(void** memory, std::size_t bytes);
[[nodiscard]] cudaError_t cudaFree(void* memory);  // waits for everything
[[nodiscard]] cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned flags);
[[nodiscard]] cudaError_t cudaFreeHost(void* memory);  // waits for everything
[[nodiscard]] cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
[[nodiscard]] cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes,
                                          cudaStream_t stream);
[[nodiscard]] cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes,
                                          cudaMemcpyKind kind, cudaStream_t stream);

[[nodiscard]] cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
[[nodiscard]] cudaError_t cudaStreamDestroy(cudaStream_t stream);
[[nodiscard]] cudaError_t cudaStreamSynchronize(cudaStream_t stream);

[[nodiscard]] cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
[[nodiscard]] cudaError_t cudaEventDestroy(cudaEvent_t event);
[[nodiscard]] cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
[[nodiscard]] cudaError_t cudaEventSynchronize(cudaEvent_t event);
[[nodiscard]] cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event,
                                              unsigned flags);

[[nodiscard]] cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
[[nodiscard]] cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
[[nodiscard]] cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                               unsigned long long flags);
[[nodiscard]] cudaError_t cudaGraphDestroy(cudaGraph_t graph);
[[nodiscard]] cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);
[[nodiscard]] cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);
