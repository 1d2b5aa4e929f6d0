#include <algorithm>
#include <vector>

#include "kernels/open_backend.h"
#include "models/network.h"
#include "models/zoo/zoo.h"
#include "peers/bench.h"
#include "peers/objective.h"
#include "peers/policies/momentum.h"
#include "runtime/clock.h"
#include "runtime/cpu_set.h"
#include "runtime/random.h"

namespace peers {
namespace {

constexpr std::size_t kClasses = 10;
constexpr std::size_t kWarmUpSteps = 20;

// One batch, again and again: what a step costs when data is never late.
class OneBatch final : public Objective {
 public:
  OneBatch(models::Network& network, kernels::Backend& backend, std::size_t batch)
      : network_(&network), batch_(batch) {
    runtime::Random random(1);
    std::vector<float> samples(batch * network.input().count());
    for (float& pixel : samples) pixel = static_cast<float>(random.uniform(-1.0, 1.0));
    std::vector<std::int32_t> labels(batch);
    for (std::int32_t& label : labels) label = static_cast<std::int32_t>(random.below(kClasses));
    samples_ = backend.allocate(samples.size(), kernels::Scalar::kF32);
    labels_ = backend.allocate(labels.size(), kernels::Scalar::kI32);
    backend.upload(std::span(samples), samples_.view());
    backend.upload(std::span(labels), labels_.view());
  }
  [[nodiscard]] std::size_t parameter_count() const override { return network_->parameter_count(); }
  [[nodiscard]] kernels::Scalar scalar() const override { return kernels::Scalar::kF32; }
  [[nodiscard]] std::size_t batch_samples() const override { return batch_; }
  void write_start(kernels::View host) const override { network_->initialise(1, host.as<float>()); }
  void next_batch() override {}
  double gradient_at(kernels::ConstView estimate, kernels::View gradient) override {
    return network_->loss_and_gradient(estimate, {samples_.view(), labels_.view(), batch_},
                                       gradient);
  }
  void move_statistics(kernels::ConstView estimate, kernels::View delta) override {
    network_->move_statistics(estimate, delta);
  }
  [[nodiscard]] std::optional<Quality> evaluate(kernels::ConstView /*estimate*/) override {
    return {};
  }

 private:
  models::Network* network_;
  std::size_t batch_;
  kernels::Buffer samples_;
  kernels::Buffer labels_;
};

}  // namespace

Spread spread_of(std::vector<double> figures) {
  CHECK(!figures.empty());
  std::ranges::sort(figures);
  return {figures[figures.size() / 2], figures.front(), figures.back()};
}

runtime::Result<BenchTrainReport> bench_train(const BenchTrainOptions& options) {
  auto opened = kernels::open_backend({options.device, options.threads});
  if (!opened) return opened.error();
  kernels::Backend& backend = *opened->backend;
  auto network = models::Network::create(
      {options.model, models::usual_input(options.model), kClasses}, backend, options.batch);
  if (!network) return network.error();
  OneBatch objective(**network, backend, options.batch);
  const std::size_t count = objective.parameter_count();
  std::vector<float> start(count);
  objective.write_start(std::span(start));
  kernels::Buffer x = backend.allocate(count, kernels::Scalar::kF32);
  kernels::Buffer delta = backend.allocate(count, kernels::Scalar::kF32);
  backend.upload(std::span(start), x.view());
  Momentum momentum({.name = "momentum"}, {&backend, count, kernels::Scalar::kF32});
  const auto step = [&] {
    static_cast<void>(momentum.delta_at(objective, x.view(), 1e-4, delta.view()));
    objective.move_statistics(x.view(), delta.view());
    backend.axpy(1.0, delta.view(), x.view());
  };
  for (std::size_t i = 0; i < kWarmUpSteps; ++i) step();
  backend.synchronize();
  const runtime::WallClock clock;
  std::vector<double> figures;
  for (std::size_t window = 0; window < options.windows; ++window) {
    const runtime::Instant begin = clock.now();
    const runtime::Instant end = begin + runtime::from_seconds(options.window_seconds);
    std::size_t steps = 0;
    while (clock.now() < end) {
      step();
      ++steps;
    }
    backend.synchronize();
    figures.push_back(static_cast<double>(steps * options.batch) /
                      runtime::to_seconds(clock.now() - begin));
  }
  BenchTrainReport report{.device = backend.description(),
                          .parameters = count,
                          .samples_per_second = spread_of(std::move(figures))};
  report.step_milliseconds =
      1e3 * static_cast<double>(options.batch) / report.samples_per_second.median;
  return report;
}

}  // namespace peers
