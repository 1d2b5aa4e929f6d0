#pragma once

#include "peers/policies/adam_moments.h"

namespace peers {

// delta = -lr (Adam's direction + decay z): the decay goes round the moments (Loshchilov & Hutter
// 2019, algorithm 2). Keeps Adam's two moments.
class AdamW final : public Optimizer {
 public:
  AdamW(const OptimizerOptions& options, const VectorSpace& space);
  double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
               kernels::View delta) override;
  void finish(std::size_t first, kernels::ConstView estimate, double learning_rate,
              kernels::View delta) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  AdamMoments moments_;
  double weight_decay_;
  kernels::Backend* backend_;
};

}  // namespace peers
