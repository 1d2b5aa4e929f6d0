#pragma once
// When a peer talks: the part of a policy that plans each step.

#include <cstdint>
#include <memory>
#include <string_view>

#include "peers/policies/learning_rate.h"
#include "runtime/result.h"

namespace peers {

// What the schedule wants of one step.
struct Plan {
  double learning_rate = 0.0;
  bool push = true;  // offer shares to this round's out-neighbours after the step
};

class Schedule {
 public:
  Schedule() = default;
  virtual ~Schedule() = default;
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  [[nodiscard]] virtual Plan plan(std::uint64_t step) const = 0;  // steps count from 0
};

struct ScheduleOptions {
  std::string_view name = "every-step";
  LearningRateOptions learning_rate = {};
  std::uint64_t period = 1;  // periodic: local steps between pushes
};

[[nodiscard]] runtime::Result<std::unique_ptr<Schedule>> make_schedule(
    const ScheduleOptions& options);

}  // namespace peers
