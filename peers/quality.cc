#include "peers/quality.h"

#include <fmt/format.h>

namespace peers {

std::string guess_warning(const Quality& quality) {
  constexpr double kHardlyBetter = 0.99;  // where classes are not equally many, dead networks know
  // A loss that is no number is told of elsewhere.
  if (quality.guess_loss == 0.0 || !(quality.loss >= kHardlyBetter * quality.guess_loss)) return "";
  return fmt::format(
      "hardly better than a guess, whose loss is {:.4f}: too few steps, or policy.learning_rate is "
      "too high",
      quality.guess_loss);
}

}  // namespace peers
