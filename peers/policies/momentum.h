#pragma once

#include "peers/policies/optimizer.h"

namespace peers {

// m = mu m + g + decay z;  delta = -lr m: heavy ball (Polyak 1964). m is this peer's own and is
// never gossiped.
class Momentum final : public Optimizer {
 public:
  Momentum(const OptimizerOptions& options, kernels::Buffer momentum, kernels::Backend& backend);
  double delta_at(Objective& objective, kernels::ConstView estimate, double learning_rate,
                  kernels::View delta) override;

 private:
  double mu_;
  double weight_decay_;
  kernels::Buffer momentum_;
  kernels::Backend* backend_;
};

}  // namespace peers
