#pragma once
// Gradient to delta: the part of a policy that decides how a peer moves its own x.

#include <memory>
#include <string_view>

#include "kernels/backend.h"
#include "peers/objective.h"
#include "runtime/result.h"

namespace peers {

class Optimizer {
 public:
  Optimizer() = default;
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  // Fills `delta`, what is to be added to x after one step at `estimate` with this learning rate;
  // returns the loss it started from. The gradient is taken at the estimate z and the delta applied
  // to the numerator x, unscaled by the push-sum weight: it is the sum of all x that descends
  // (Stochastic Gradient Push, Assran et al. 2019, algorithm 1).
  virtual double delta_at(Objective& objective, kernels::ConstView estimate, double learning_rate,
                          kernels::View delta) = 0;
};

struct OptimizerOptions {
  std::string_view name = "momentum";
  double momentum = 0.9;
  double weight_decay = 0.0;
};

// An optimizer for `parameter_count` numbers of type `scalar`; its state lives on the backend.
[[nodiscard]] runtime::Result<std::unique_ptr<Optimizer>> make_optimizer(
    const OptimizerOptions& options, std::size_t parameter_count, kernels::Scalar scalar,
    kernels::Backend& backend);

}  // namespace peers
