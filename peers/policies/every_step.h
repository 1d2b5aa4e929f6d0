#pragma once

#include "peers/policies/schedule.h"

namespace peers {

// Pushes after every step, with a constant learning rate.
class EveryStep final : public Schedule {
 public:
  explicit EveryStep(double learning_rate) : learning_rate_(learning_rate) {}
  [[nodiscard]] Plan plan(std::uint64_t /*step*/) const override { return {learning_rate_, true}; }

 private:
  double learning_rate_;
};

}  // namespace peers
