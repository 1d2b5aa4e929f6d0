#include "peers/quality.h"

#include <fmt/format.h>

#include <utility>

namespace peers {

namespace {

bool is_guess(const Quality& quality) {
  constexpr double kHardlyBetter = 0.99;  // where classes are not equally many, dead networks know
  // A loss that is no number is told of elsewhere.
  return quality.guess_loss > 0.0 && quality.loss >= kHardlyBetter * quality.guess_loss;
}

}  // namespace

std::string guess_warning(const Quality& quality) {
  if (!is_guess(quality)) return "";
  return fmt::format(
      "hardly better than a guess, whose loss is {:.4f}: too few steps, or policy.learning_rate is "
      "too high",
      quality.guess_loss);
}

std::string LearningWatch::note(const Quality& quality) {
  const bool is_better = !is_guess(quality);
  if (!std::exchange(was_better_, is_better) || is_better) return "";
  return fmt::format(
      "the estimate was better than a guess, whose loss is {:.4f}, and is no more: "
      "policy.learning_rate is too high, at least for so few peers",
      quality.guess_loss);
}

}  // namespace peers
