#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/open_backend.h"
#include "models/loader.h"
#include "models/network.h"
#include "models/zoo/zoo.h"
#include "peers/bench.h"
#include "peers/bench_batch.h"
#include "peers/policies/momentum.h"
#include "peers/step_trace.h"
#include "runtime/check.h"
#include "runtime/clock.h"
#include "runtime/peak_memory.h"
#include "runtime/random.h"

namespace peers {
namespace {

constexpr std::size_t kWarmUpSteps = 20;
constexpr std::size_t kStageRuns = 15;
constexpr std::size_t kTracedSteps = 5;

// Median milliseconds of `action`, the device's work included.
template <typename Action>
double milliseconds_of(kernels::Backend& backend, Action action) {
  const runtime::WallClock clock;
  std::vector<double> figures;
  for (std::size_t i = 0; i < kStageRuns; ++i) {
    const runtime::Instant begin = clock.now();
    action();
    backend.synchronize();
    figures.push_back(1e3 * runtime::to_seconds(clock.now() - begin));
  }
  return spread_of(std::move(figures)).median;
}

// Of numbers drawn at random: of zeros a GPU multiplies faster, as they take less power.
double peak_gigaflops(kernels::Backend& backend) {
  const std::size_t side = backend.is_host() ? 1024 : 8192;  // large for what computes it
  const kernels::DenseShape shape{.batch = side, .inputs = side, .outputs = side};
  std::vector<float> factors(side * side);
  runtime::Random random(1);
  std::ranges::generate(factors, [&] { return static_cast<float>(random.uniform(-0.5, 0.5)); });
  kernels::Buffer a = backend.allocate(shape.in_count(), kernels::Scalar::kF32);
  kernels::Buffer b = backend.allocate(shape.weight_count(), kernels::Scalar::kF32);
  kernels::Buffer c = backend.allocate(shape.out_count(), kernels::Scalar::kF32);
  backend.upload(std::span<const float>(factors), a.view());
  backend.upload(std::span<const float>(factors), b.view());
  const double milliseconds = milliseconds_of(
      backend, [&] { backend.dense_forward(shape, a.view(), b.view(), {}, c.view()); });
  return 2e-6 * static_cast<double>(side * side * side) / milliseconds;
}

// A network, its batch and its optimizer, ready to step.
class TrainBench {
 public:
  TrainBench(models::Network& network, kernels::Backend& backend, const models::NetworkSpec& spec,
             const BenchTrainOptions& options)
      : backend_(backend),
        spec_(spec),
        options_(options),
        objective_(network, backend, options.batch, spec.vocabulary),
        x_(numbers()),
        delta_(numbers()),
        momentum_({.name = "momentum"},
                  {&backend, objective_.parameter_count(), kernels::Scalar::kF32}) {
    std::vector<float> start(network.parameter_count());
    objective_.write_start(std::span(start));
    backend.upload(std::span(start), x_.view());
    if (!backend.takes_rounded()) return;
    rounded_ = backend.allocate(x_.count(), kernels::Scalar::kBf16);
    backend.round(x_.view(), rounded_.view());
  }

  void step() {
    static_cast<void>(momentum_.begin(objective_, estimate(), kRate, delta_.view()));
    objective_.move_statistics(x_.view(), delta_.view());
    add_delta(objective_.parameter_count() - objective_.statistic_count());
  }

  Spread rate() {
    std::vector<double> figures;
    for (std::size_t window = 0; window < options_.windows; ++window) {
      const runtime::Instant begin = clock_.now();
      const runtime::Instant end = begin + runtime::from_seconds(options_.window_seconds);
      std::size_t steps = 0;
      while (clock_.now() < end) {
        step();
        ++steps;
      }
      backend_.synchronize();
      figures.push_back(static_cast<double>(steps * options_.batch) /
                        runtime::to_seconds(clock_.now() - begin));
    }
    return spread_of(std::move(figures));
  }

  runtime::Status trace(models::Network& network) {
    StepTrace trace(clock_);
    network.let_watch(&trace);
    for (std::size_t i = 0; i < kTracedSteps; ++i) {
      trace.begin("step", fmt::format("step {}", i));
      step();
      backend_.synchronize();
      trace.end();
    }
    network.let_watch(nullptr);
    return trace.write(options_.trace);
  }

  StageTimes stages() {
    StageTimes times;
    times.forward = milliseconds_of(backend_, [&] { objective_.score(estimate()); });
    const double both = milliseconds_of(
        backend_, [&] { static_cast<void>(objective_.gradient_at(estimate(), delta_.view())); });
    times.backward = both - times.forward;
    Weightless weightless(objective_.parameter_count());
    times.optimizer = milliseconds_of(backend_, [&] {
      static_cast<void>(momentum_.begin(weightless, x_.view(), kRate, delta_.view()));
      add_delta(weightless.parameter_count());
    });
    const SamplesInMemory samples(spec_, 4 * options_.batch);
    std::vector<std::uint32_t> part(samples.size());
    std::iota(part.begin(), part.end(), 0U);
    models::BatchSequence sequence(samples, part, {.batch = options_.batch});
    models::HostBatch batch;
    times.loader = milliseconds_of(backend_, [&] { sequence.next(batch); });
    return times;
  }

 private:
  static constexpr double kRate = 1e-4;

  // As a peer does it; the first `learned` are learned by gradients.
  void add_delta(std::size_t learned) {
    backend_.in_pieces(x_.count(), [&](std::size_t first, std::size_t count) {
      const kernels::View x = x_.view().slice(first, count);
      const kernels::View delta = delta_.view().slice(first, count);
      if (first < learned) {
        const std::size_t some = std::min(count, learned - first);
        momentum_.finish(first, x.slice(0, some), kRate, delta.slice(0, some));
      }
      backend_.axpy(1.0, delta, x);
      if (rounds()) backend_.round(x, rounded_.view().slice(first, count));
    });
  }

  [[nodiscard]] bool rounds() const { return rounded_.count() > 0; }
  [[nodiscard]] kernels::ConstView estimate() {
    return rounds() ? kernels::ConstView(x_.view()).beside(rounded_.view()) : x_.view();
  }

  [[nodiscard]] kernels::Buffer numbers() {
    return backend_.allocate(objective_.parameter_count(), kernels::Scalar::kF32);
  }

  kernels::Backend& backend_;
  const models::NetworkSpec& spec_;
  const BenchTrainOptions& options_;
  OneBatch objective_;
  kernels::Buffer x_;
  kernels::Buffer rounded_;
  kernels::Buffer delta_;
  Momentum momentum_;
  runtime::WallClock clock_;
};

}  // namespace

Spread spread_of(std::vector<double> figures) {
  CHECK(!figures.empty());
  std::ranges::sort(figures);
  return {figures[figures.size() / 2], figures.front(), figures.back()};
}

runtime::Result<BenchTrainReport> bench_train(const BenchTrainOptions& options) {
  auto opened = kernels::open_backend(
      {options.device, options.threads, kernels::precision_of(options.precision)});
  if (!opened) return opened.error();
  kernels::Backend& backend = *opened->backend;
  const models::NetworkSpec spec = models::usual_spec(options.model);
  auto network = models::Network::create(spec, backend, options.batch);
  if (!network) return network.error();
  if (auto dropping = (*network)->drop_activations(options.drop_activations); !dropping)
    return dropping.error();
  TrainBench bench(**network, backend, spec, options);
  for (std::size_t i = 0; i < kWarmUpSteps; ++i) bench.step();
  backend.synchronize();
  BenchTrainReport report{.device = backend.description(),
                          .precision = std::string(kernels::name_of(backend.precision())),
                          .notice = opened->notice,
                          .parameters = (*network)->parameter_count(),
                          .samples_per_second = bench.rate()};
  report.step_milliseconds =
      1e3 * static_cast<double>(options.batch) / report.samples_per_second.median;
  report.gigaflops = 2e-9 * static_cast<double>((*network)->step_multiplications()) *
                     report.samples_per_second.median;
  report.memory_bytes_max = runtime::peak_memory_bytes();  // of steps, not of what comes now
  report.peak_gigaflops = peak_gigaflops(backend);
  report.stages = bench.stages();
  if (!options.trace.empty())
    if (auto written = bench.trace(**network); !written) return written.error();
  report.activation_bytes = (*network)->activation_bytes();
  return report;
}

}  // namespace peers
