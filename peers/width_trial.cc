#include "peers/width_trial.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace peers {
namespace {

constexpr double kChecksAnEpoch = 4.0;
constexpr std::size_t kProbes = 8;  // batches, at each check

}  // namespace

runtime::Result<std::unique_ptr<WidthTrial>> WidthTrial::create(const Config& config,
                                                                const Surroundings& surroundings) {
  const gossip::PeerList alone = std::vector{runtime::PeerId{}};
  auto assembly =
      Assembly::create(config, surroundings, {.members = alone, .virtual_time = true}, {});
  if (!assembly) return assembly.error();
  return std::make_unique<WidthTrial>(std::move(assembly).value(), *surroundings.backend);
}

WidthTrial::WidthTrial(std::unique_ptr<Assembly> assembly, kernels::Backend& backend)
    : assembly_(std::move(assembly)),
      backend_(&backend),
      estimate_(space().zeros()),
      gradient_(space().zeros()),
      split_(space()) {
  backend.copy(assembly_->peer().estimate(), estimate_.view());
}

// False: the loss is no number any more.
bool WidthTrial::step(double rate) {
  objective().next_batch();
  const double loss = objective().gradient_at(estimate(), gradient_.view());
  backend_->axpy(-rate, gradient_.view(), estimate_.view());
  return std::isfinite(loss);
}

NoiseSums WidthTrial::noise_at(kernels::ConstView estimate, std::size_t batches) {
  NoiseSums sums;
  for (std::size_t i = 0; i < batches; ++i) {
    objective().next_batch();
    split_.take(objective(), estimate, gradient_.view());
    sums.add(split_.noise(0, objective().parameter_count()));
  }
  return sums;
}

WidthWay WidthTrial::train(const WidthGoal& goal, WidthTrial* probe,
                           const runtime::StopSignal& stop) {
  WidthWay way;
  const double an_epoch = assembly_->steps_per_epoch();
  const auto check_every =
      static_cast<std::uint64_t>(std::max(1.0, std::round(an_epoch / kChecksAnEpoch)));
  double epochs_before = 0.0;
  double accuracy_before = accuracy();
  for (std::uint64_t steps = 1; !stop.requested(); ++steps) {
    if (!step(goal.rate)) return way;
    if (steps % check_every != 0) continue;
    const double epochs = static_cast<double>(steps) / an_epoch;
    const double reached = accuracy();
    if (probe != nullptr) way.noise.add(probe->noise_at(estimate(), kProbes));
    if (reached >= goal.target) {
      const double rise = reached - accuracy_before;
      const double share = rise > 0.0 ? (goal.target - accuracy_before) / rise : 1.0;
      way.epochs = epochs_before + std::clamp(share, 0.0, 1.0) * (epochs - epochs_before);
      return way;
    }
    if (epochs >= goal.epochs_max) return way;
    epochs_before = epochs;
    accuracy_before = reached;
  }
  return way;
}

}  // namespace peers
