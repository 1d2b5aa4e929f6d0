#pragma once

#include <vector>

#include "peers/objective.h"
#include "peers/policies/correction.h"
#include "peers/policies/regularizer.h"

namespace peers {

// The gradient as an optimizer gets it: the objective's, plus what regularizers add, changed by the
// correction. Running statistics have none. The loss is the objective's.
class ShapedGradient final : public GradientSource {
 public:
  struct Parts {  // all outlive it
    Objective* objective = nullptr;
    std::vector<Regularizer*> regularizers;
    Correction* correction = nullptr;  // null: none
    kernels::Backend* backend = nullptr;
  };
  explicit ShapedGradient(Parts parts);
  double gradient_at(kernels::ConstView estimate, kernels::View gradient) override;

 private:
  Parts parts_;
};

}  // namespace peers
