#include "peers/policies/optimizer.h"

#include <string>

#include "peers/policies/momentum.h"
#include "peers/policies/sgd.h"

namespace peers {
runtime::Result<std::unique_ptr<Optimizer>> make_optimizer(const OptimizerOptions& options,
                                                           std::size_t parameter_count,
                                                           kernels::Scalar scalar,
                                                           kernels::Backend& backend) {
  using Made = std::unique_ptr<Optimizer>;
  if (options.name == "sgd") return Made(std::make_unique<Sgd>(options.weight_decay, backend));
  if (options.name == "momentum") {
    return Made(
        std::make_unique<Momentum>(options, backend.allocate(parameter_count, scalar), backend));
  }
  return runtime::Error{"unknown optimizer '" + std::string(options.name) +
                        "'; there are sgd, momentum"};
}

}  // namespace peers
