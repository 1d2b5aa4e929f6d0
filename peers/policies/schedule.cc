#include "peers/policies/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "peers/policies/every_step.h"
#include "peers/policies/overlapped.h"
#include "peers/policies/periodic.h"
#include "peers/policies/stagewise.h"

namespace peers {
namespace {

using Made = std::unique_ptr<Schedule>;

Made make_every_step(const ScheduleOptions& /*options*/, const LearningRate& rate) {
  return std::make_unique<EveryStep>(rate);
}

Made make_periodic(const ScheduleOptions& options, const LearningRate& rate) {
  return std::make_unique<Periodic>(rate, options.period);
}

Made make_overlapped(const ScheduleOptions& options, const LearningRate& rate) {
  return std::make_unique<Overlapped>(rate, options.period);
}

Made make_stagewise(const ScheduleOptions& options, const LearningRate& rate) {
  return std::make_unique<Stagewise>(options, rate);
}

struct Entry {
  std::string_view name;
  Made (*make)(const ScheduleOptions& options, const LearningRate& rate);
};

constexpr Entry kSchedules[] = {
    {"every-step", make_every_step},
    {"periodic", make_periodic},
    {"overlapped", make_overlapped},
    {"stagewise", make_stagewise},
};

constexpr std::array<std::string_view, 3> kStages = {"sc", "nc-1", "nc-2"};
constexpr std::array<std::string_view, 2> kStageData = {"iid", "non-iid"};

runtime::Status check(const ScheduleOptions& options) {
  if (options.period == 0 || options.stage_steps == 0) {
    return runtime::Error{
        fmt::format("schedule '{}': expected a period and stages of at least 1 step, got {} and {}",
                    options.name, options.period, options.stage_steps)};
  }
  if (std::ranges::find(kStages, options.stages) == kStages.end())
    return runtime::Error{
        fmt::format("unknown stages '{}'; there are {}", options.stages, fmt::join(kStages, ", "))};
  if (std::ranges::find(kStageData, options.stage_data) == kStageData.end())
    return runtime::Error{fmt::format("unknown stage data '{}'; there are {}", options.stage_data,
                                      fmt::join(kStageData, ", "))};
  return {};
}

}  // namespace

runtime::Result<Made> make_schedule(const ScheduleOptions& options) {
  auto rate = LearningRate::create(options.learning_rate);
  if (!rate) return rate.error();
  if (const runtime::Status checked = check(options); !checked.ok()) return checked.error();
  for (const Entry& entry : kSchedules) {
    if (entry.name == options.name) return entry.make(options, *rate);
  }
  return runtime::Error{fmt::format("unknown schedule '{}'; there are {}", options.name,
                                    fmt::join(schedule_names(), ", "))};
}

std::vector<std::string_view> schedule_names() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kSchedules) names.push_back(entry.name);
  return names;
}

}  // namespace peers
