#pragma once

#include <span>
#include <vector>

#include "peers/synthetic.h"

namespace peers {

// f(z) = 1/2 sum_k h_k (z_k - c_k)^2: the optimum over all peers is known in closed form.
class Quadratic final : public Synthetic {
 public:
  struct Options {
    std::vector<double> center;     // c
    std::vector<double> curvature;  // h, as long as c
    std::vector<double> start;      // these three as Synthetic
    double noise = 0.0;
    kernels::Scalar scalar = kernels::Scalar::kF32;
  };
  Quadratic(Options options, runtime::Random random, kernels::Backend& backend);

 private:
  double value_of(std::span<const double> z, std::span<double> gradient) const override;

  std::vector<double> center_;
  std::vector<double> curvature_;
};

}  // namespace peers
