#include "peers/policies/stagewise.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace peers {

Stagewise::Stagewise(const ScheduleOptions& options, LearningRate learning_rate)
    : learning_rate_(std::move(learning_rate)),
      doubling_(options.stages != "nc-2"),
      iid_(options.stage_data == "iid"),
      period_(static_cast<double>(options.period)),
      steps_(options.stage_steps),
      pull_(options.stages == "sc" ? 0.0 : options.stage_pull) {}

Plan Stagewise::plan(std::uint64_t step, std::uint64_t behind) const {
  std::uint64_t stage = 0;
  std::uint64_t growth = 1;  // of the stage's steps, over those of the first
  std::uint64_t into = step;
  while (into / steps_ >= growth) {  // a quotient: the product of two large numbers may not fit
    into -= growth * steps_;
    ++stage;
    growth = doubling_ ? 2 * growth : stage + 1;
  }
  const auto factor = static_cast<double>(growth);
  const double stretched = period_ * (iid_ ? factor : std::sqrt(factor));
  // A period beyond the stage is the stage.
  const std::uint64_t length = growth * steps_;
  const auto period = static_cast<std::uint64_t>(
      std::clamp(std::floor(stretched), 1.0, static_cast<double>(length)));
  const bool ends = into + 1 == length;
  return {.learning_rate = learning_rate_.at(behind) / factor,
          .push = ends || (into + 1) % period == 0,
          .stage = stage,
          .stage_pull = pull_};
}

}  // namespace peers
