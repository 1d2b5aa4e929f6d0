#include "peers/policies/schedule.h"

#include <string>

#include "peers/policies/every_step.h"
#include "peers/policies/periodic.h"

namespace peers {
runtime::Result<std::unique_ptr<Schedule>> make_schedule(const ScheduleOptions& options) {
  using Made = std::unique_ptr<Schedule>;
  auto rate = LearningRate::create(options.learning_rate);
  if (!rate) return rate.error();
  if (options.name == "every-step") return Made(std::make_unique<EveryStep>(*rate));
  if (options.name == "periodic" && options.period == 0) {
    return runtime::Error{"schedule 'periodic': expected a period of at least 1, got 0"};
  }
  if (options.name == "periodic") {
    return Made(std::make_unique<Periodic>(*rate, options.period));
  }
  return runtime::Error{"unknown schedule '" + std::string(options.name) +
                        "'; there are every-step, periodic"};
}

}  // namespace peers
