#pragma once

#include <utility>

#include "peers/policies/schedule.h"

namespace peers {

// Pushes after every step.
class EveryStep final : public Schedule {
 public:
  explicit EveryStep(LearningRate learning_rate) : learning_rate_(std::move(learning_rate)) {}
  [[nodiscard]] Plan plan(std::uint64_t /*step*/, std::uint64_t behind) const override {
    return {.learning_rate = learning_rate_.at(behind), .push = true};
  }

 private:
  LearningRate learning_rate_;
};

}  // namespace peers
