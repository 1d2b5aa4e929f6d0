#pragma once

#include <vector>

#include "peers/policies/adam_moments.h"

namespace peers {

// u = Adam's direction + decay z;  delta = -lr (|z| / |u|) u, the norms and their ratio of each
// parameter tensor by itself, and the ratio 1 where either norm is 0: LAMB (You et al. 2020,
// algorithm 2, with phi(|z|) = |z|). An objective without tensors is one tensor. Keeps Adam's two
// moments. Waits for the device twice a tensor and step.
class Lamb final : public Optimizer {
 public:
  Lamb(const OptimizerOptions& options, const VectorSpace& space);
  double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
               kernels::View delta) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  struct Range {
    std::size_t offset;
    std::size_t count;
  };
  AdamMoments moments_;
  double weight_decay_;
  std::vector<Range> tensors_;
  kernels::Backend* backend_;
};

}  // namespace peers
