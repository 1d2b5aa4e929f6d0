#pragma once
// A graph of cuDNN's made ready to run, by the first engine of those it suggests that computes as
// exactly as we promise.

#include <array>
#include <cstddef>
#include <vector>

#include "kernels/cuda/conv_key.h"
#include "kernels/cuda/cudnn_descriptor.h"

namespace kernels::cuda {

// Where the tensors of a convolution lie on the device, each at a multiple of kAlignmentBytes
// (kernels/cuda/cudnn_graph.h), and a gradient in the place of what it is the gradient of.
struct ConvData {
  void* in = nullptr;
  void* weight = nullptr;
  void* out = nullptr;
  void* bias = nullptr;       // where the plan adds one
  void* workspace = nullptr;  // workspace_bytes() of any content

  bool operator==(const ConvData&) const = default;
};

class ConvPlan {
 public:
  // Compiles kernels for bf16, up to a second each. An Error where no engine is exact enough,
  // repeats itself to the bit and can do with the memory that there is for it.
  [[nodiscard]] static runtime::Result<ConvPlan> find(cudnnHandle_t handle, const ConvKey& key);

  [[nodiscard]] std::size_t workspace_bytes() const { return workspace_bytes_; }

  // Queues it on the handle's stream. An Error, and nothing queued, where cuDNN says only now that
  // it does not support this. Where it has run before with the same data nothing is allocated here.
  runtime::Status run(cudnnHandle_t handle, const ConvData& data);

 private:
  // What cuDNN is told about the data: made once for each set of addresses.
  struct Pack {
    ConvData data;
    Descriptor descriptor;
  };

  // Of an engine's configuration, which the plan may go on reading.
  [[nodiscard]] static runtime::Result<ConvPlan> make(cudnnHandle_t handle, Descriptor config,
                                                      bool adds_bias);
  [[nodiscard]] runtime::Result<cudnnBackendDescriptor_t> pack_of(const ConvData& data);

  Descriptor config_;
  Descriptor plan_;
  std::size_t workspace_bytes_ = 0;
  bool adds_bias_ = false;
  std::vector<Pack> packs_;
  std::size_t oldest_ = 0;  // of the packs, once there are as many as are kept
};

}  // namespace kernels::cuda
