#pragma once

#include <optional>

#include "peers/policies/regularizer.h"

namespace peers {

// g += pull (z - z_s), z_s where the stage began: the gradient of |z - z_s|^2 / (2 gamma) with
// gamma = 1 / pull, which makes every stage of STL-SGD^nc a strongly convex problem (Shen et al.
// 2021). Keeps z_s.
class StageAnchor final : public Regularizer {
 public:
  explicit StageAnchor(const VectorSpace& space);
  void begin_step(const Plan& plan, kernels::ConstView estimate) override;
  void add_to(kernels::ConstView estimate, kernels::View gradient) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  std::optional<std::uint64_t> stage_;
  double pull_ = 0.0;
  kernels::Buffer anchor_;
  kernels::Backend* backend_;
};

}  // namespace peers
