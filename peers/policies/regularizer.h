#pragma once
// What is added to the loss: the part of a policy that holds an estimate to something other than
// the data.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "models/parameter_tensor.h"
#include "peers/objective.h"
#include "peers/policies/schedule.h"
#include "peers/policies/state_visitor.h"
#include "peers/policies/vector_space.h"
#include "runtime/result.h"

namespace peers {

// Local: nothing of it travels. The loss that a peer reports stays that of the data.
class Regularizer {
 public:
  Regularizer() = default;
  virtual ~Regularizer() = default;
  Regularizer(const Regularizer&) = delete;
  Regularizer& operator=(const Regularizer&) = delete;

  // A step is about to begin at `estimate`.
  virtual void begin_step(const Plan& /*plan*/, kernels::ConstView /*estimate*/) {}
  // Adds the gradient of its term at `estimate`.
  virtual void add_to(kernels::ConstView estimate, kernels::View gradient) = 0;

  // All that it keeps, but for what follows from the config.
  virtual void visit_state(StateVisitor& visitor) = 0;
};

struct RegularizerOptions {
  std::string_view name = "none";
  double strength = 1e-4;  // times the term
};

// Null for "none". Where weights start from is the objective's start. Refused: "spectral" for an
// objective without tensors.
[[nodiscard]] runtime::Result<std::unique_ptr<Regularizer>> make_regularizer(
    const RegularizerOptions& options, const Objective& objective, kernels::Backend& backend);

[[nodiscard]] std::vector<std::string_view> regularizer_names();

}  // namespace peers
