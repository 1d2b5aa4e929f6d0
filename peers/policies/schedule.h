#pragma once
// When a peer talks: the part of a policy that plans each step.

#include <cstdint>
#include <memory>
#include <string_view>

#include "peers/policies/learning_rate.h"
#include "peers/policies/state_visitor.h"
#include "runtime/result.h"

namespace peers {

// What the schedule wants of one step.
struct Plan {
  double learning_rate = 0.0;
  bool push = true;         // offer shares to this round's out-neighbours after the step
  bool overlap = false;     // in step: what a push brings is waited for before the next one only
  std::uint64_t stage = 0;  // which the step belongs to
  double stage_pull = 0.0;  // added to the gradient: so much of the way from where the stage began
};

class Schedule {
 public:
  Schedule() = default;
  virtual ~Schedule() = default;
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  // Of a step, counted from 0. `behind`: how much of the run is, in steps of the first batch, which
  // the learning rate follows; no less than `step`, and more once batches have grown.
  [[nodiscard]] virtual Plan plan(std::uint64_t step, std::uint64_t behind) const = 0;

  // All that it keeps: nothing, where the number of the step says all.
  virtual void visit_state(StateVisitor& /*visitor*/) {}
};

struct ScheduleOptions {
  std::string_view name = "every-step";
  LearningRateOptions learning_rate = {};
  std::uint64_t period = 1;             // all but every-step: local steps between pushes
  std::string_view stages = "sc";       // stagewise: sc | nc-1 | nc-2
  std::string_view stage_data = "iid";  // stagewise: iid | non-iid
  std::uint64_t stage_steps = 1000;     // stagewise: of the first stage
  double stage_pull = 0.0;              // stagewise, nc-1 and nc-2: 1 / gamma
};

[[nodiscard]] runtime::Result<std::unique_ptr<Schedule>> make_schedule(
    const ScheduleOptions& options);

[[nodiscard]] std::vector<std::string_view> schedule_names();

}  // namespace peers
