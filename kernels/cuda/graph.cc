#include "kernels/cuda/graph.h"

#include <utility>

#include "kernels/cuda/status.h"

namespace kernels::cuda {

void DestroyGraph::operator()(cudaGraphExec_t graph) const {
  CUDA_CHECK(cudaGraphExecDestroy(graph));
}

std::unique_ptr<Graph> Graph::of(Device& device, void (*action)(void* context), void* context) {
  device.begin_recording();
  // Other threads, of other peers on this GPU, may allocate memory meanwhile.
  CUDA_CHECK(cudaStreamBeginCapture(device.stream(), cudaStreamCaptureModeThreadLocal));
  action(context);
  cudaGraph_t captured = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(device.stream(), &captured);
  const bool is_whole = device.end_recording() && ended == cudaSuccess;
  if (ended != cudaSuccess) {  // a library did what no graph can hold
    static_cast<void>(cudaGetLastError());
    return nullptr;
  }
  cudaGraphExec_t made = nullptr;
  if (is_whole) CUDA_CHECK(cudaGraphInstantiate(&made, captured, 0));
  CUDA_CHECK(cudaGraphDestroy(captured));
  if (!is_whole) return nullptr;
  return std::unique_ptr<Graph>(new Graph(device, Executable(made)));
}

bool Graph::queue() {
  if (device_.epoch() != epoch_) return false;
  CUDA_CHECK(cudaGraphLaunch(graph_.get(), device_.stream()));
  return true;
}

}  // namespace kernels::cuda
