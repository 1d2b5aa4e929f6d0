// What a policy makes of a gradient, and when it talks.
#include <cmath>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "peers/config_names.h"
#include "peers/objective.h"
#include "peers/policies/optimizer.h"
#include "peers/policies/schedule.h"
#include "tests/support/catch.h"

namespace {

// The gradient of the lab: a constant, so that a step is arithmetic on paper.
class Constant final : public peers::Objective {
 public:
  Constant(kernels::Backend& backend, std::vector<double> gradient)
      : backend_(&backend), gradient_(std::move(gradient)) {}
  [[nodiscard]] std::size_t parameter_count() const override { return gradient_.size(); }
  [[nodiscard]] kernels::Scalar scalar() const override { return kernels::Scalar::kF64; }
  [[nodiscard]] std::size_t batch_samples() const override { return 1; }
  void write_start(kernels::View host) const override {
    for (double& value : host.as<double>()) value = 0.0;
  }
  void next_batch() override {}
  double gradient_at(kernels::ConstView /*estimate*/, kernels::View gradient) override {
    backend_->upload(std::span<const double>(gradient_), gradient);
    return 7.0;
  }
  [[nodiscard]] std::optional<peers::Quality> evaluate(kernels::ConstView /*z*/) override {
    return {};
  }

 private:
  kernels::Backend* backend_;
  std::vector<double> gradient_;
};

struct Bench {
  std::unique_ptr<kernels::Backend> backend = std::move(kernels::open_backend({"cpu", 1})->backend);
  Constant objective{*backend, {1.0, -2.0}};
  kernels::Buffer estimate = backend->allocate(2, kernels::Scalar::kF64);
  kernels::Buffer delta = backend->allocate(2, kernels::Scalar::kF64);

  Bench() {
    const std::vector<double> z{10.0, 20.0};
    backend->upload(std::span(z), estimate.view());
  }
  std::unique_ptr<peers::Optimizer> make(const peers::OptimizerOptions& options) {
    auto made = peers::make_optimizer(options, {backend.get(), 2, kernels::Scalar::kF64});
    REQUIRE(made.ok());
    return std::move(made).value();
  }
  std::vector<double> step(peers::Optimizer& optimizer, double learning_rate) {
    CHECK(optimizer.delta_at(objective, estimate.view(), learning_rate, delta.view()) == 7.0);
    std::vector<double> host(2);
    backend->download(delta.view(), std::span(host));
    return host;
  }
};

}  // namespace

TEST_CASE("sgd steps against the gradient, and against the estimate where it decays") {
  Bench bench;
  CHECK(bench.step(*bench.make({.name = "sgd"}), 0.5) == std::vector<double>{-0.5, 1.0});
  // g + 0.1 z = (2, 0)
  CHECK(bench.step(*bench.make({.name = "sgd", .momentum = 0.9, .weight_decay = 0.1}), 0.5) ==
        std::vector<double>{-1.0, 0.0});
}

TEST_CASE("momentum adds up what sgd forgets, and without momentum is sgd") {
  Bench bench;
  const auto momentum = bench.make({.name = "momentum", .momentum = 0.5});
  CHECK(bench.step(*momentum, 1.0) == std::vector<double>{-1.0, 2.0});
  CHECK(bench.step(*momentum, 1.0) == std::vector<double>{-1.5, 3.0});
  CHECK(bench.step(*momentum, 1.0) == std::vector<double>{-1.75, 3.5});
  const auto none = bench.make({.name = "momentum", .momentum = 0.0, .weight_decay = 0.1});
  const auto sgd = bench.make({.name = "sgd", .momentum = 0.0, .weight_decay = 0.1});
  for (int i = 0; i < 3; ++i) CHECK(bench.step(*none, 0.3) == bench.step(*sgd, 0.3));
}

TEST_CASE("a periodic schedule pushes after every period-th step, and period one is every step") {
  const auto pushes = [](const peers::ScheduleOptions& options) {
    const auto schedule = peers::make_schedule(options);
    REQUIRE(schedule.ok());
    std::vector<bool> made;
    for (std::uint64_t step = 0; step < 6; ++step)
      made.push_back((*schedule)->plan(step, step).push);
    CHECK((*schedule)->plan(3, 3).learning_rate == 0.25);
    return made;
  };
  const auto named = [](std::string_view name, std::uint64_t period) {
    return peers::ScheduleOptions{.name = name, .learning_rate = {.base = 0.25}, .period = period};
  };
  CHECK(pushes(named("periodic", 3)) == std::vector<bool>{false, false, true, false, false, true});
  CHECK(pushes(named("periodic", 1)) == pushes(named("every-step", 1)));
}

namespace {

struct StageSeen {
  std::uint64_t steps = 0;
  std::uint64_t pushes = 0;
  std::uint64_t period = 0;  // steps to the first push
  double learning_rate = 0.0;
};

// What the first so many stages of T_1 = 1000, k_1 = 10, eta_1 = 0.1 are.
std::vector<StageSeen> stages_of(std::string_view stages, std::string_view data,
                                 std::size_t count) {
  const auto schedule = peers::make_schedule({.name = "stagewise",
                                              .learning_rate = {.base = 0.1},
                                              .period = 10,
                                              .stages = stages,
                                              .stage_data = data,
                                              .stage_steps = 1000,
                                              .stage_pull = 0.25});
  REQUIRE(schedule.ok());
  std::vector<StageSeen> seen;
  for (std::uint64_t step = 0;; ++step) {
    const peers::Plan plan = (*schedule)->plan(step, step);
    if (plan.stage >= count) break;
    if (plan.stage == seen.size()) seen.emplace_back();
    CHECK(plan.stage + 1 == seen.size());
    CHECK(plan.stage_pull == (stages == "sc" ? 0.0 : 0.25));
    StageSeen& stage = seen.back();
    ++stage.steps;
    stage.pushes += plan.push ? 1 : 0;
    if (plan.push && stage.period == 0) stage.period = stage.steps;
    stage.learning_rate = plan.learning_rate;
  }
  CHECK((*schedule)->plan(999, 999).push);  // and once more at a stage's end, whatever the period
  return seen;
}

template <typename Number, typename Get>
std::vector<Number> each(const std::vector<StageSeen>& stages, Get get) {
  std::vector<Number> numbers;
  for (const StageSeen& stage : stages) numbers.push_back(get(stage));
  return numbers;
}

}  // namespace

TEST_CASE("stages follow the rules of STL-SGD") {
  using Counts = std::vector<std::uint64_t>;
  const auto steps = [](const StageSeen& stage) { return stage.steps; };
  const auto period = [](const StageSeen& stage) { return stage.period; };
  const auto pushes = [](const StageSeen& stage) { return stage.pushes; };
  const std::string doubling = GENERATE("sc", "nc-1");
  const auto iid = stages_of(doubling, "iid", 6);
  CHECK(each<std::uint64_t>(iid, steps) == Counts{1000, 2000, 4000, 8000, 16000, 32000});
  CHECK(each<std::uint64_t>(iid, period) == Counts{10, 20, 40, 80, 160, 320});
  CHECK(each<std::uint64_t>(iid, pushes) == Counts{100, 100, 100, 100, 100, 100});
  for (std::size_t s = 0; s < iid.size(); ++s)
    CHECK(iid[s].learning_rate == Approx(0.1 / std::pow(2.0, static_cast<double>(s))));
  const auto differing = stages_of(doubling, "non-iid", 6);
  CHECK(each<std::uint64_t>(differing, steps) == Counts{1000, 2000, 4000, 8000, 16000, 32000});
  CHECK(each<std::uint64_t>(differing, period) == Counts{10, 14, 20, 28, 40, 56});
  CHECK(each<std::uint64_t>(differing, pushes) == Counts{100, 143, 200, 286, 400, 572});

  const auto linear = stages_of("nc-2", "iid", 6);
  CHECK(each<std::uint64_t>(linear, steps) == Counts{1000, 2000, 3000, 4000, 5000, 6000});
  CHECK(each<std::uint64_t>(linear, period) == Counts{10, 20, 30, 40, 50, 60});
  CHECK(each<std::uint64_t>(linear, pushes) == Counts{100, 100, 100, 100, 100, 100});
  for (std::size_t s = 0; s < linear.size(); ++s)
    CHECK(linear[s].learning_rate == Approx(0.1 / static_cast<double>(s + 1)));
  const auto rooted = stages_of("nc-2", "non-iid", 6);
  CHECK(each<std::uint64_t>(rooted, period) == Counts{10, 14, 17, 20, 22, 24});
  std::uint64_t rounds = 0;
  for (const StageSeen& stage : rooted) rounds += stage.pushes;
  CHECK(rounds == 1098);
}

TEST_CASE("one stage is local SGD, and a period beyond a stage is the stage") {
  const auto plans = [](const peers::ScheduleOptions& options) {
    const auto schedule = peers::make_schedule(options);
    REQUIRE(schedule.ok());
    std::vector<bool> pushes;
    for (std::uint64_t step = 0; step < 40; ++step) {
      const peers::Plan plan = (*schedule)->plan(step, step);
      pushes.push_back(plan.push);
      CHECK(plan.learning_rate == 0.05);
    }
    return pushes;
  };
  CHECK(plans({.name = "stagewise", .period = 7, .stage_steps = 1000}) ==
        plans({.name = "periodic", .period = 7}));
  CHECK(plans({.name = "stagewise", .period = 100, .stage_steps = 40}) ==
        plans({.name = "periodic", .period = 40}));
}

TEST_CASE("the schedules that a config takes are those that are built") {
  std::vector<std::string_view> taken;
  for (const peers::Choice& choice : peers::choices_of("policy.schedule"))
    taken.push_back(choice.name);
  CHECK(taken == peers::schedule_names());
}

TEST_CASE("a learning rate climbs, then follows its rule to the end of the run") {
  const auto rates = [](const peers::LearningRateOptions& options) {
    const auto rate = peers::LearningRate::create(options);
    REQUIRE(rate.ok());
    std::vector<double> made;
    for (std::uint64_t step = 0; step <= options.steps; ++step) made.push_back(rate->at(step));
    return made;
  };
  using Rates = std::vector<double>;
  CHECK(rates({.base = 0.5, .steps = 3}) == Rates{0.5, 0.5, 0.5, 0.5});
  CHECK(rates({.base = 1.0, .steps = 6, .warm_up = 0.5}) ==
        Rates{0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0});
  CHECK(rates({.base = 8.0,
               .rule = "step",
               .steps = 8,
               .decay_at = {0.25, 0.75},
               .decay_factor = 0.5}) == Rates{8, 8, 4, 4, 4, 4, 2, 2, 2});

  // cos of 0, 60, 120 degrees; the step after the last one would stand still.
  const Rates cosine = rates({.base = 4.0, .rule = "cosine", .steps = 4, .warm_up = 0.25});
  for (std::size_t step = 0; step < 4; ++step)
    CHECK(cosine[step] == Approx(Rates{2.0, 4.0, 3.0, 1.0}[step]));
  CHECK(cosine[4] == cosine[3]);

  CHECK(!peers::LearningRate::create({.rule = "cosinus"}).ok());
}

TEST_CASE("a name that no policy has is refused with those that there are") {
  Bench bench;
  const auto optimizer =
      peers::make_optimizer({.name = "adam"}, {bench.backend.get(), 2, kernels::Scalar::kF64});
  REQUIRE(!optimizer.ok());
  CHECK(optimizer.error().message ==
        "unknown optimizer 'adam'; there are sgd, momentum, adamw, lamb, sam, lightsam-norm, "
        "lightsam-adagrad, lightsam-adam");
  CHECK(!peers::make_schedule({.name = "sometimes"}).ok());
  CHECK(!peers::make_schedule({.name = "periodic", .period = 0}).ok());
  CHECK(!peers::make_schedule({.name = "stagewise", .stages = "nc-3"}).ok());
  CHECK(!peers::make_schedule({.name = "stagewise", .stage_data = "shards"}).ok());
  CHECK(!peers::make_schedule({.name = "stagewise", .stage_steps = 0}).ok());
}
