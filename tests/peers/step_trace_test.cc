// A trace says when what was done, and looking on changes nothing.
#include "peers/step_trace.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kernels/open_backend.h"
#include "models/network.h"
#include "models/zoo/zoo.h"
#include "peers/bench_batch.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using Json = nlohmann::json;

// A microsecond passes between any two looks at it.
class CountingClock final : public runtime::Clock {
 public:
  [[nodiscard]] runtime::Instant now() const override {
    now_ += std::chrono::microseconds(1);
    return now_;
  }

 private:
  mutable runtime::Instant now_;
};

Json events_of(const peers::StepTrace& trace) {
  return Json::parse(trace.to_json())["traceEvents"];
}

}  // namespace

TEST_CASE("spans of a trace lie within the spans that they began in") {
  const CountingClock clock;
  peers::StepTrace trace(clock);
  trace.begin("step", "a");     // 1
  trace.begin("forward", "b");  // 2
  trace.end();                  // 3
  trace.begin("forward", "c");  // 4
  trace.end();                  // 5
  trace.end();                  // 6
  const Json events = events_of(trace);
  REQUIRE(events.size() == 3);
  const auto span = [&](std::size_t i) {
    return std::pair(events[i]["ts"].get<double>(), events[i]["dur"].get<double>());
  };
  CHECK(span(0) == std::pair(0.0, 5.0));
  CHECK(span(1) == std::pair(1.0, 1.0));
  CHECK(span(2) == std::pair(3.0, 1.0));
  CHECK(events[2]["name"] == "c");
  CHECK(events[2]["ph"] == "X");
}

TEST_CASE("a trace has every layer forward and backward, and gradients are the same with it") {
  const auto opened = kernels::open_backend({"cpu", 1});
  REQUIRE(opened.ok());
  kernels::Backend& backend = *opened->backend;
  const models::NetworkSpec spec = models::usual_spec("lenet5");
  const auto network = models::Network::create(spec, backend, 4);
  REQUIRE(network.ok());
  peers::OneBatch objective(**network, backend, 4, 0);
  std::vector<float> start(objective.parameter_count());
  objective.write_start(std::span(start));
  const auto gradient = [&] {
    std::vector<float> numbers(start.size());
    static_cast<void>(objective.gradient_at(std::span(std::as_const(start)), std::span(numbers)));
    return numbers;
  };
  const std::vector<float> unseen = gradient();

  const CountingClock clock;
  peers::StepTrace trace(clock);
  (*network)->let_watch(&trace);
  CHECK(gradient() == unseen);
  (*network)->let_watch(nullptr);
  CHECK(gradient() == unseen);

  std::vector<std::string> forward;
  std::vector<std::string> backward;
  for (const Json& event : events_of(trace))
    (event["cat"] == "forward" ? forward : backward).push_back(event["name"]);
  const std::string table = (*network)->summary();  // a line a layer, and the total
  CHECK(forward.size() + 1 == static_cast<std::size_t>(std::ranges::count(table, '\n')));
  std::ranges::reverse(backward);
  CHECK(forward == backward);
}
