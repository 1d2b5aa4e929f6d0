#pragma once

#include "peers/policies/schedule.h"

namespace peers {

// Local SGD: pushes after every `period`-th step (Stich 2018), with a constant learning rate.
class Periodic final : public Schedule {
 public:
  Periodic(double learning_rate, std::uint64_t period)
      : learning_rate_(learning_rate), period_(period) {}
  [[nodiscard]] Plan plan(std::uint64_t step) const override {
    return {learning_rate_, (step + 1) % period_ == 0};
  }

 private:
  double learning_rate_;
  std::uint64_t period_;
};

}  // namespace peers
