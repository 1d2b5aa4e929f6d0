// What a policy makes of a gradient, and when it talks.
#include <vector>

#include "kernels/open_backend.h"
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
    auto made = peers::make_optimizer(options, 2, kernels::Scalar::kF64, *backend);
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
    for (std::uint64_t step = 0; step < 6; ++step) made.push_back((*schedule)->plan(step).push);
    CHECK((*schedule)->plan(3).learning_rate == 0.25);
    return made;
  };
  CHECK(pushes({"periodic", {.base = 0.25}, 3}) ==
        std::vector<bool>{false, false, true, false, false, true});
  CHECK(pushes({"periodic", {.base = 0.25}, 1}) == pushes({"every-step", {.base = 0.25}, 1}));
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
      peers::make_optimizer({.name = "adam"}, 2, kernels::Scalar::kF64, *bench.backend);
  REQUIRE(!optimizer.ok());
  CHECK(optimizer.error().message == "unknown optimizer 'adam'; there are sgd, momentum");
  CHECK(!peers::make_schedule({.name = "sometimes"}).ok());
  CHECK(!peers::make_schedule({"periodic", {}, 0}).ok());
}
