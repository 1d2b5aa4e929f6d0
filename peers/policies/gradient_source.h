#pragma once

#include "kernels/view.h"

namespace peers {

// Loss and gradient of the current batch at any point that an optimizer asks about: SAM asks twice,
// of one batch.
class GradientSource {
 public:
  GradientSource() = default;
  virtual ~GradientSource() = default;
  GradientSource(const GradientSource&) = delete;
  GradientSource& operator=(const GradientSource&) = delete;

  // Mean loss of the current batch at `estimate`, and its gradient, which overwrites `gradient`.
  virtual double gradient_at(kernels::ConstView estimate, kernels::View gradient) = 0;
};

}  // namespace peers
