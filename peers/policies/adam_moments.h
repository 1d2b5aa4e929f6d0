#pragma once

#include <cstdint>

#include "peers/policies/optimizer.h"

namespace peers {

// m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2, element by element, both freed of their start at
// zero, and the direction m / (sqrt(v) + epsilon): Adam (Kingma & Ba 2015, algorithm 1). Keeps m, v
// and how many gradients they have seen.
class AdamMoments {
 public:
  AdamMoments(const OptimizerOptions& options, const VectorSpace& space);
  // Before the first piece of every gradient.
  void begin();
  // A piece of it in, `first` being its first number, the direction out, in its place.
  void direct(std::size_t first, kernels::View gradient);
  void visit_state(StateVisitor& visitor);

 private:
  double beta1_;
  double beta2_;
  double epsilon_;
  double power1_ = 1.0;  // b1^t
  double power2_ = 1.0;
  kernels::Buffer first_;  // m / (1 - b1): it takes a gradient as it is
  kernels::Buffer second_;
  kernels::Backend* backend_;
};

}  // namespace peers
