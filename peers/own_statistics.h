#pragma once

#include <cstddef>

#include "kernels/backend.h"

namespace peers {

// Running statistics that a peer reads instead of the mixed ones (gossip.mix_statistics = false):
// of its own batches only. The mixed ones move on beside them, for whoever joins. The trainer's
// thread; all views on the device.
class OwnStatistics {
 public:
  OwnStatistics(std::size_t count, kernels::Scalar scalar, kernels::Backend& backend)
      : statistics_(backend.allocate(count, scalar)), backend_(&backend) {}

  // These begin as the end of `estimate` has them.
  void begin(kernels::ConstView estimate) { backend_->copy(end_of(estimate), statistics_.view()); }
  // By what a batch moves them, the end of `delta`.
  void move(kernels::ConstView delta) { backend_->axpy(1.0, end_of(delta), statistics_.view()); }
  void replace_end_of(kernels::View estimate) const {
    backend_->copy(statistics_.view(), end_of(estimate));
  }

 private:
  template <typename AnyView>
  [[nodiscard]] AnyView end_of(AnyView numbers) const {
    const std::size_t count = statistics_.view().count();
    return numbers.slice(numbers.count() - count, count);
  }

  kernels::Buffer statistics_;
  kernels::Backend* backend_;
};

}  // namespace peers
