#pragma once

#include <cstddef>
#include <vector>

#include "kernels/backend.h"

namespace peers {

// Where the host can read a vector of the device: there itself, if that is the host's memory, else
// in a copy that is good until the next call.
class HostCopy {
 public:
  explicit HostCopy(kernels::Backend& backend) : backend_(&backend) {}

  [[nodiscard]] kernels::ConstView of(kernels::ConstView device) {
    if (backend_->is_host()) return device;
    memory_.resize(device.bytes());
    const kernels::View copy(memory_.data(), device.count(), device.scalar());
    backend_->download(device, copy);
    return copy;
  }

 private:
  kernels::Backend* backend_;
  std::vector<std::byte> memory_;
};

}  // namespace peers
