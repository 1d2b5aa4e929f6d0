#pragma once

#include <utility>

#include "peers/policies/schedule.h"

namespace peers {

// Local SGD: pushes after every `period`-th step (Stich 2018).
class Periodic final : public Schedule {
 public:
  Periodic(LearningRate learning_rate, std::uint64_t period)
      : learning_rate_(std::move(learning_rate)), period_(period) {}
  [[nodiscard]] Plan plan(std::uint64_t step, std::uint64_t behind) const override {
    return {.learning_rate = learning_rate_.at(behind), .push = (step + 1) % period_ == 0};
  }

 private:
  LearningRate learning_rate_;
  std::uint64_t period_;
};

}  // namespace peers
