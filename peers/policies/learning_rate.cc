#include "peers/policies/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

namespace peers {

runtime::Result<LearningRate> LearningRate::create(LearningRateOptions options) {
  if (options.rule != "constant" && options.rule != "cosine" && options.rule != "step") {
    return runtime::Error{"unknown learning-rate rule '" + options.rule +
                          "'; there are constant, cosine, step"};
  }
  return LearningRate(std::move(options));
}

LearningRate::LearningRate(LearningRateOptions options)
    : options_(std::move(options)),
      warm_up_steps_(static_cast<std::uint64_t>(
          std::llround(options_.warm_up * static_cast<double>(options_.steps)))) {}

double LearningRate::at(std::uint64_t step) const {
  // The first step of a warm-up moves already, and the step after the last one has the base.
  if (step < warm_up_steps_) {
    return options_.base * static_cast<double>(step + 1) / static_cast<double>(warm_up_steps_ + 1);
  }
  if (options_.steps == 0 || options_.rule == "constant") return options_.base;
  const std::uint64_t here = std::min(step, options_.steps - 1);
  if (options_.rule == "step") {
    const double share = static_cast<double>(here) / static_cast<double>(options_.steps);
    const auto passed =
        std::ranges::count_if(options_.decay_at, [&](double at) { return share >= at; });
    return options_.base * std::pow(options_.decay_factor, static_cast<double>(passed));
  }
  // Half a cosine from the end of the warm-up to zero, which only the step after the last one has.
  // (Loshchilov & Hutter 2017, one cycle.)
  const double share = static_cast<double>(here - std::min(here, warm_up_steps_)) /
                       static_cast<double>(options_.steps - std::min(warm_up_steps_, here));
  return options_.base * 0.5 * (1.0 + std::cos(std::numbers::pi * share));
}

}  // namespace peers
