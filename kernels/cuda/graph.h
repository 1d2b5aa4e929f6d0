#pragma once
// What is queued, kept as a CUDA graph: one launch instead of one for each kernel. (CUDA C++
// Programming Guide, "CUDA Graphs", stream capture.)

#include <cuda_runtime.h>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "kernels/cuda/device.h"
#include "kernels/recording.h"

namespace kernels::cuda {

struct DestroyGraph {
  void operator()(cudaGraphExec_t graph) const;
};

class Graph final : public Recording {
 public:
  // Of what `action` queues on the device's stream (Backend::record()). Null where something was
  // asked for that cannot be recorded: memory, a plan.
  [[nodiscard]] static std::unique_ptr<Graph> of(Device& device, void (*action)(void* context),
                                                 void* context);

  [[nodiscard]] bool queue() override;

 private:
  using Executable = std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, DestroyGraph>;

  Graph(Device& device, Executable graph)
      : device_(device), epoch_(device.epoch()), graph_(std::move(graph)) {}

  Device& device_;
  std::uint64_t epoch_;
  Executable graph_;
};

}  // namespace kernels::cuda
