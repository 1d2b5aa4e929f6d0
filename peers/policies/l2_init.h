#pragma once

#include "peers/policies/regularizer.h"

namespace peers {

// strength |z - z0|^2, z0 the start of the run: keeps weights where they could still learn (Kumar
// et al. 2023). Keeps z0.
class L2Init final : public Regularizer {
 public:
  L2Init(double strength, kernels::Buffer start, kernels::Backend& backend);
  void add_to(kernels::ConstView estimate, kernels::View gradient) override;
  void visit_state(StateVisitor& /*visitor*/) override {}  // the start follows from the config

 private:
  double strength_;
  kernels::Buffer start_;
  kernels::Backend* backend_;
};

}  // namespace peers
