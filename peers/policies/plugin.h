#pragma once
// An optimizer from a shared library (peers/policies/plugin_abi.h).

#include <memory>
#include <string>
#include <vector>

#include "peers/policies/optimizer.h"
#include "peers/policies/plugin_abi.h"

namespace peers {

class Plugin final : public Optimizer {
 public:
  // Refused: a file that is missing or no library, one without murmur_plugin_entry or for another
  // version of the interface, one that asks for too many vectors; parameters that are not f32 in
  // the host's memory. A library stays loaded for as long as the process lives.
  [[nodiscard]] static runtime::Result<std::unique_ptr<Optimizer>> open(
      const std::string& file, const OptimizerOptions& options, const VectorSpace& space);

  Plugin(const murmur_plugin& plugin, const OptimizerOptions& options, const VectorSpace& space);
  double begin(GradientSource& source, kernels::ConstView estimate, double learning_rate,
               kernels::View delta) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  const murmur_plugin* plugin_;
  double momentum_;
  double weight_decay_;
  std::uint64_t steps_ = 0;
  kernels::Buffer gradient_;
  std::vector<kernels::Buffer> state_;
};

}  // namespace peers
