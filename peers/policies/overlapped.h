#pragma once

#include <utility>

#include "peers/policies/schedule.h"

namespace peers {

// Local SGD whose pushes travel while the next period computes (CoCoD-SGD, Shen et al. 2019, over
// gossip): what is pushed is the x that a period starts from, s; the period's steps go on from s;
// then x = what the mix made of s, plus the steps. One period of staleness, and a period takes the
// longer of computing and communicating, not their sum. For rounds in step; out of step nothing is
// waited for anyway.
class Overlapped final : public Schedule {
 public:
  Overlapped(LearningRate learning_rate, std::uint64_t period)
      : learning_rate_(std::move(learning_rate)), period_(period) {}
  [[nodiscard]] Plan plan(std::uint64_t step, std::uint64_t behind) const override {
    return {.learning_rate = learning_rate_.at(behind),
            .push = (step + 1) % period_ == 0,
            .overlap = true};
  }

 private:
  LearningRate learning_rate_;
  std::uint64_t period_;
};

}  // namespace peers
