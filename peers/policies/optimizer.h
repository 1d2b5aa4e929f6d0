#pragma once
// Gradient to delta: the part of a policy that decides how a peer moves its own x.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "models/parameter_tensor.h"
#include "peers/policies/gradient_source.h"
#include "peers/policies/state_visitor.h"
#include "peers/policies/vector_space.h"
#include "runtime/result.h"

namespace peers {

// What an optimizer keeps from step to step (each header says what) is this peer's own: it is never
// gossiped, and neither a push nor a mix touches it. Only x travels. A peer whose estimate jumps in
// a mix goes on with the moments it has: they are of gradients, which a mix among near estimates
// changes little.
class Optimizer {
 public:
  Optimizer() = default;
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  // One step at `estimate` with this learning rate makes `delta`, what is to be added to x. The
  // gradient is taken at the estimate z (or near it, as SAM does) and the delta applied to the
  // numerator x, unscaled by the push-sum weight: it is the sum of all x that descends (Stochastic
  // Gradient Push, Assran et al. 2019, algorithm 1). In two parts, so that a piece of delta can be
  // made and added while it is in a cache:
  //
  // begin() does what asks for whole vectors, gradients above all, and returns the loss it started
  // from; finish() makes of what it left in some numbers of `delta`, `first` being the first, what
  // is to be added. Once for every number, but for those that are not learned by gradients, in any
  // pieces, and for several of them at once (Backend::in_pieces()).
  virtual double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
                       kernels::View delta) = 0;
  virtual void finish(std::size_t /*first*/, kernels::ConstView /*estimate*/,
                      double /*learning_rate*/, kernels::View /*delta*/) {}

  double delta_at(GradientSource& source, kernels::ConstView estimate, double learning_rate,
                  kernels::View delta);  // both, of all numbers

  // All that it keeps.
  virtual void visit_state(StateVisitor& visitor) = 0;
};

struct OptimizerOptions {
  std::string_view name = "momentum";
  double momentum = 0.9;  // momentum, and the base of sam
  double weight_decay = 0.0;
  bool nesterov = false;  // momentum, and the base of sam
  double beta1 = 0.9;     // adamw, lamb, lightsam-adam: below 1
  double beta2 = 0.999;
  double epsilon =
      1e-8;           // and the other two of LightSAM: its square must be a number of the model's
  double rho = 0.05;  // sam, lightsam-*
  // lamb: one trust ratio each. Empty: one for the whole vector.
  std::span<const models::ParameterTensor> tensors = {};
};

// An optimizer of vectors of this space, in which its state lives. Copies what it needs of the
// tensors.
[[nodiscard]] runtime::Result<std::unique_ptr<Optimizer>> make_optimizer(
    const OptimizerOptions& options, const VectorSpace& space);

[[nodiscard]] std::vector<std::string_view> optimizer_names();

}  // namespace peers
