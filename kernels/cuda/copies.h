#pragma once
// Copies between a GPU and the host on streams of their own, beside what the GPU computes. (CUDA
// C++ Programming Guide, "Overlap of Data Transfer and Kernel Execution".)

#include <cuda_runtime.h>

#include <cstddef>
#include <memory>
#include <type_traits>

#include "kernels/copy.h"
#include "kernels/cuda/device.h"
#include "kernels/host_memory.h"
#include "kernels/view.h"

namespace kernels::cuda {

struct DestroyEvent {
  void operator()(cudaEvent_t event) const;
};
using Event = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, DestroyEvent>;

// As Backend::copy_out(), copy_in() and host_memory(). One thread at a time, but for the last.
class Copies {
 public:
  explicit Copies(const Device& device);

  [[nodiscard]] std::unique_ptr<Copy> out(ConstView device, View host);
  [[nodiscard]] std::unique_ptr<Copy> in(ConstView host, View device);
  void synchronize();  // waits for all of them

  // Page-locked, as far as the system lets it be: else a copy is only slower.
  [[nodiscard]] static HostBytes host_memory(const Device& device, std::size_t bytes);

 private:
  const Device* device_;
  Stream out_;
  Stream in_;
  // What is on its way out, as it was: the device may change the original meanwhile.
  std::unique_ptr<void, FreeMemory> staged_;
  std::size_t staged_bytes_ = 0;
  Event staged_is_free_;  // once what lies there is on the host
};

}  // namespace kernels::cuda
