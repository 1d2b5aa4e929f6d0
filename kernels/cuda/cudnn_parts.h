#pragma once
// What graphs of cuDNN's operations are put together from, whatever they compute.

#include <cstdint>
#include <vector>

#include "kernels/cuda/cudnn_descriptor.h"
#include "kernels/cuda/tensor_layout.h"

namespace kernels::cuda {

// What every tensor's address is a multiple of: engines for tensor cores ask for it.
inline constexpr std::int64_t kAlignmentBytes = 16;

// One of a graph's tensors: what it is called when a plan is run, and where it is.
struct TensorUse {
  std::int64_t id;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  bool in_memory = true;
  bool by_value = false;  // one number, which the host hands over
};

// Descriptors made one after the other. Once cuDNN has refused one nothing more is asked of it.
class Parts {
 public:
  using Raw = cudnnBackendDescriptor_t;  // owned here; null after a refusal

  Raw add(cudnnBackendDescriptorType_t type, std::span<const Attribute> attributes);
  Raw add(cudnnBackendDescriptorType_t type, std::initializer_list<Attribute> attributes) {
    return add(type, std::span(attributes.begin(), attributes.size()));
  }
  Raw tensor(const TensorLayout& layout, const TensorUse& use);

  // These, as one graph. cuDNN may look at the others until a plan of it is finalized.
  [[nodiscard]] runtime::Result<std::vector<Descriptor>> graph_of(
      cudnnHandle_t handle, const std::vector<Raw>& operations) &&;

 private:
  std::vector<Descriptor> descriptors_;
  runtime::Status status_;
};

}  // namespace kernels::cuda
