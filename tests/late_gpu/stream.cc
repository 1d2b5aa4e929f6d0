#include "tests/late_gpu/stream.h"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>

// A graph that has been captured, and one made ready: the same tasks.
struct CUgraph_st {
  std::vector<late_gpu::Task> tasks;
};
struct CUgraphExec_st {
  std::vector<late_gpu::Task> tasks;
};
struct CUstream_st {
  std::deque<late_gpu::Task> tasks;
  std::uint64_t queued = 0;  // tasks ever
  std::uint64_t done = 0;    // of them
  bool hurries = false;
  cudaGraph_t captured = nullptr;  // into this one, while it is
  std::thread::id capturing;       // whose capture that is
};
// What was queued on a stream when it was recorded.
struct CUevent_st {
  cudaStream_t stream = nullptr;
  std::uint64_t queued = 0;
};

namespace late_gpu {
namespace {

// One for everything. A task may queue and wait: it is the same thread's.
struct Gpu {
  std::recursive_mutex mutex;
  std::vector<cudaStream_t> streams;
  bool is_backwards = false;
};
Gpu& gpu() {
  static auto& the_gpu = *new Gpu;  // never destroyed: backends may be, late
  return the_gpu;
}

// The first `count` tasks that were ever queued.
void run_until(CUstream_st& stream, std::uint64_t count) {
  while (stream.done < count) {
    const Task task = std::move(stream.tasks.front());
    stream.tasks.pop_front();
    task();
    ++stream.done;
  }
}

void run(CUstream_st& stream) { run_until(stream, stream.queued); }

// The stream that was recorded may have gone, and has then done everything.
void run_until(const CUevent_st& event) {
  if (std::ranges::find(gpu().streams, event.stream) != gpu().streams.end())
    run_until(*event.stream, event.queued);
}

}  // namespace

void queue(cudaStream_t stream, Task task) {
  const std::lock_guard lock(gpu().mutex);
  if (stream->captured != nullptr) return stream->captured->tasks.push_back(std::move(task));
  stream->tasks.push_back(std::move(task));
  ++stream->queued;
  if (stream->hurries) run(*stream);
}

bool is_turn_backwards() {
  const std::lock_guard lock(gpu().mutex);
  return gpu().is_backwards = !gpu().is_backwards;
}

void hurry(cudaStream_t stream) {
  const std::lock_guard lock(gpu().mutex);
  run(*stream);
  stream->hurries = true;
}

bool is_capturing() {
  const std::lock_guard lock(gpu().mutex);
  for (const cudaStream_t stream : gpu().streams)
    if (stream->captured != nullptr && stream->capturing == std::this_thread::get_id()) return true;
  return false;
}

void run_all() {
  const std::lock_guard lock(gpu().mutex);
  for (const cudaStream_t stream : gpu().streams) run(*stream);
}

}  // namespace late_gpu

using late_gpu::gpu;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned /*flags*/) {
  const std::lock_guard lock(gpu().mutex);
  *stream = gpu().streams.emplace_back(new CUstream_st);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(gpu().mutex);
  late_gpu::run(*stream);
  std::erase(gpu().streams, stream);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::lock_guard lock(gpu().mutex);
  if (stream->captured != nullptr) return cudaErrorStreamCaptureUnsupported;
  late_gpu::run(*stream);
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned /*flags*/) {
  *event = new CUevent_st;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const std::lock_guard lock(gpu().mutex);
  if (stream->captured != nullptr) return cudaErrorStreamCaptureUnsupported;
  *event = {stream, stream->queued};
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard lock(gpu().mutex);
  late_gpu::run_until(*event);
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned /*flags*/) {
  const std::lock_guard lock(gpu().mutex);
  if (stream->captured != nullptr) return cudaErrorStreamCaptureUnsupported;
  late_gpu::queue(stream, [recorded = *event] { late_gpu::run_until(recorded); });
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode /*mode*/) {
  const std::lock_guard lock(gpu().mutex);
  if (stream->captured != nullptr) return cudaErrorInvalidValue;
  stream->captured = new CUgraph_st;
  stream->capturing = std::this_thread::get_id();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const std::lock_guard lock(gpu().mutex);
  *graph = std::exchange(stream->captured, nullptr);
  return *graph == nullptr ? cudaErrorInvalidValue : cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long /*flags*/) {
  *executable = new CUgraphExec_st{graph->tasks};
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  for (const late_gpu::Task& task : executable->tasks) late_gpu::queue(stream, task);
  return cudaSuccess;
}
