#pragma once
// A graph of cuDNN's made ready to run, by the first engine of those it suggests that computes as
// exactly as we promise.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "kernels/cuda/cudnn_descriptor.h"

namespace kernels::cuda {

// What a graph's tensors are, each by the name it has there; what is no tensor of the graph is not
// named.
class PlanData {
 public:
  static constexpr std::size_t kTensorsMax = 14;

  // One that lies on the device, at a multiple of kAlignmentBytes (kernels/cuda/cudnn_parts.h).
  void add(std::int64_t id, const void* address);
  // One that is by value.
  void add(std::int64_t id, float value);

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(count_); }
  [[nodiscard]] const std::int64_t* ids() const { return ids_.data(); }
  // cuDNN's are all of one type. Those of values lie in here.
  [[nodiscard]] std::array<void*, kTensorsMax> addresses() const;

  void* workspace = nullptr;  // workspace_bytes() of any content

  bool operator==(const PlanData&) const = default;

 private:
  std::size_t count_ = 0;
  std::array<std::int64_t, kTensorsMax> ids_{};
  std::array<const void*, kTensorsMax> addresses_{};
  std::array<bool, kTensorsMax> by_value_{};
  std::array<float, kTensorsMax> values_{};
};

// What is asked of an engine, beyond what is asked of all of them.
struct EngineTerms {
  bool tensor_cores = false;  // may be used
  // Working memory: more there is not, less tells that the engine does not work as it must.
  std::size_t workspace_bytes_min = 0;
  std::size_t workspace_bytes_max = std::numeric_limits<std::size_t>::max();
};

class Plan {
 public:
  // Of a graph and its parts, the graph last, which can go afterwards. Compiles kernels for bf16,
  // up to a second each. An Error where no engine is exact enough, repeats itself to the bit and
  // keeps the terms.
  [[nodiscard]] static runtime::Result<Plan> find(cudnnHandle_t handle,
                                                  const std::vector<Descriptor>& graph,
                                                  const EngineTerms& terms);

  [[nodiscard]] std::size_t workspace_bytes() const { return workspace_bytes_; }

  // Queues it on the handle's stream. An Error, and nothing queued, where cuDNN says only now that
  // it does not support this. Where it has run before with the same data nothing is allocated here.
  runtime::Status run(cudnnHandle_t handle, const PlanData& data);

 private:
  // What cuDNN is told about the data: made once for each set of addresses.
  struct Pack {
    std::unique_ptr<const PlanData> data;  // keeps its address: cuDNN is told where values lie
    Descriptor descriptor;
  };

  // Of engines' configurations, best first.
  [[nodiscard]] static runtime::Result<Plan> first_of(cudnnHandle_t handle,
                                                      std::vector<Descriptor> configs,
                                                      const EngineTerms& terms);
  // Of one, which the plan may go on reading.
  [[nodiscard]] static runtime::Result<Plan> make(cudnnHandle_t handle, Descriptor config,
                                                  const EngineTerms& terms);
  [[nodiscard]] runtime::Result<cudnnBackendDescriptor_t> pack_of(const PlanData& data);

  Descriptor config_;
  Descriptor plan_;
  std::size_t workspace_bytes_ = 0;
  std::vector<Pack> packs_;
  std::size_t oldest_ = 0;  // of the packs, once there are as many as are kept
};

}  // namespace kernels::cuda
