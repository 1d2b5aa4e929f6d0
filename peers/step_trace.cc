#include "peers/step_trace.h"

#include <nlohmann/json.hpp>
#include <span>

#include "runtime/check.h"
#include "runtime/replace_file.h"

namespace peers {
namespace {

using Json = nlohmann::ordered_json;

// The format's unit.
double microseconds(runtime::Duration duration) { return 1e6 * runtime::to_seconds(duration); }

}  // namespace

void StepTrace::begin(std::string_view category, std::string_view name) {
  open_.push_back(spans_.size());
  spans_.push_back({std::string(category), std::string(name), clock_->now(), {}});
}

void StepTrace::end() {
  CHECK(!open_.empty());
  spans_[open_.back()].end = clock_->now();
  open_.pop_back();
}

std::string StepTrace::to_json() const {
  CHECK(open_.empty());
  Json events = Json::array();
  for (const Span& span : spans_)
    events.push_back({{"name", span.name},
                      {"cat", span.category},
                      {"ph", "X"},
                      {"ts", microseconds(span.begin - spans_.front().begin)},
                      {"dur", microseconds(span.end - span.begin)},
                      {"pid", 1},
                      {"tid", 1}});
  return Json{{"traceEvents", events}, {"displayTimeUnit", "ms"}}.dump(1) + "\n";
}

runtime::Status StepTrace::write(const std::filesystem::path& path) const {
  const std::string text = to_json();
  return runtime::replace_file(path, std::as_bytes(std::span(text)));
}

}  // namespace peers
