#include "peers/policies/optimizer.h"

#include <fmt/format.h>

#include "peers/policies/adamw.h"
#include "peers/policies/lamb.h"
#include "peers/policies/lightsam_adagrad.h"
#include "peers/policies/lightsam_adam.h"
#include "peers/policies/lightsam_norm.h"
#include "peers/policies/momentum.h"
#include "peers/policies/sam.h"
#include "peers/policies/sgd.h"

namespace peers {
namespace {

using Made = std::unique_ptr<Optimizer>;

template <typename Kind>
Made make(const OptimizerOptions& options, const VectorSpace& space) {
  return std::make_unique<Kind>(options, space);
}

struct Entry {
  std::string_view name;
  Made (*make)(const OptimizerOptions& options, const VectorSpace& space);
};

constexpr Entry kOptimizers[] = {
    {"sgd", make<Sgd>},
    {"momentum", make<Momentum>},
    {"adamw", make<AdamW>},
    {"lamb", make<Lamb>},
    {"sam", make<Sam>},
    {"lightsam-norm", make<LightSamNorm>},
    {"lightsam-adagrad", make<LightSamAdagrad>},
    {"lightsam-adam", make<LightSamAdam>},
};

}  // namespace

double Optimizer::delta_at(GradientSource& source, kernels::ConstView estimate,
                           double learning_rate, kernels::View delta) {
  const double loss = begin(source, estimate, learning_rate, delta);
  finish(0, estimate, learning_rate, delta);
  return loss;
}

runtime::Result<Made> make_optimizer(const OptimizerOptions& options, const VectorSpace& space) {
  for (const Entry& entry : kOptimizers) {
    if (entry.name == options.name) return entry.make(options, space);
  }
  return runtime::Error{fmt::format("unknown optimizer '{}'; there are {}", options.name,
                                    fmt::join(optimizer_names(), ", "))};
}

std::vector<std::string_view> optimizer_names() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kOptimizers) names.push_back(entry.name);
  return names;
}

}  // namespace peers
