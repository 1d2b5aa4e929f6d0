#pragma once
// How large a step is, over the course of a run. The rule reads how far the peer is on its way, not
// a clock, so that peers of unequal speed pass through the same rates.

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace peers {

struct LearningRateOptions {
  double base = 0.05;
  std::string rule = "constant";  // constant | cosine | step; kept, so owned
  std::uint64_t steps = 0;        // of the whole run
  double warm_up = 0.0;           // share of the run in which the rate climbs to the base
  std::vector<double> decay_at =
      {};                     // step: shares of the run, each passed multiplies the rate ...
  double decay_factor = 0.1;  // ... by this
};

class LearningRate {
 public:
  [[nodiscard]] static runtime::Result<LearningRate> create(LearningRateOptions options);

  // Of step 0, 1, ...; beyond the last step, that of the last one.
  [[nodiscard]] double at(std::uint64_t step) const;

 private:
  explicit LearningRate(LearningRateOptions options);

  LearningRateOptions options_;
  std::uint64_t warm_up_steps_ = 0;
};

}  // namespace peers
