#pragma once

#include "kernels/shapes.h"
#include "models/layers/layer.h"

namespace models {

// The largest or the mean of each window. Learns nothing.
class Pool final : public Layer {
 public:
  explicit Pool(const kernels::PoolShape& shape);  // its batch is ignored: each call brings one

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] ImageShape output() const override;
  [[nodiscard]] BackwardReads backward_reads() const override;
  void forward(kernels::Backend& backend, const ForwardViews& views) const override;
  void backward(kernels::Backend& backend, const BackwardViews& views) const override;

 private:
  [[nodiscard]] kernels::PoolShape with_batch(std::size_t batch) const;

  kernels::PoolShape shape_;
};

}  // namespace models
