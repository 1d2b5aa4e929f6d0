// A network on a device that keeps the samples and records its passes learns as on the host, and is
// judged as there.

#include "peers/network_objective.h"

#include <numeric>
#include <utility>
#include <vector>

#include "models/datasets/dataset.h"
#include "models/tasks.h"
#include "tests/support/recording_backend.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

constexpr std::size_t kBatch = 8;

const models::DataSplit& glyphs() {
  static const auto& split = *new models::DataSplit([] {
    auto opened = models::open_data({.set = "glyphs", .path = {}, .limit = 60});
    REQUIRE(opened.ok());
    return std::move(opened).value();
  }());
  return split;
}

std::vector<std::uint32_t> numbers(std::uint32_t first, std::size_t count) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), first);
  return all;
}

constexpr std::size_t kTestSamples = 20;
const models::Dataset& test_of(std::size_t task) {
  static const auto& first =
      *new models::TaskView(*glyphs().test, {.samples = numbers(0, kTestSamples)});
  static const auto& second =
      *new models::TaskView(*glyphs().test, {.samples = numbers(100, kTestSamples)});
  return task == 0 ? first : second;
}

// Two tasks, of other samples each, of four batches.
std::unique_ptr<peers::NetworkObjective> objective_on(kernels::Backend& backend) {
  const models::Dataset& train = *glyphs().train;
  auto network = models::Network::create({.kind = "layers",
                                          .input = train.shape(),
                                          .classes = train.classes(),
                                          .layers = {"conv 3 3x3", "relu", "dense 10"}},
                                         backend, kTestSamples);
  REQUIRE(network.ok());
  std::vector<float> start((*network)->parameter_count());
  (*network)->initialise(1, start);
  return std::make_unique<peers::NetworkObjective>(peers::NetworkObjective::Parts{
      .network = std::move(*network),
      .tasks = {{&train, &test_of(0), numbers(5, 20)}, {&train, &test_of(1), numbers(40, 13)}},
      .task_steps = 4,
      .loading = {.seed = 2, .augment = true, .ahead = false},
      .backend = &backend,
      .start = start,
      .batch = kBatch});
}

struct Learner {
  explicit Learner(kernels::Backend& on)
      : backend(on),
        objective(objective_on(on)),
        x(on.allocate(objective->parameter_count(), kernels::Scalar::kF32)),
        gradient(on.allocate(objective->parameter_count(), kernels::Scalar::kF32)) {
    std::vector<float> start(x.count());
    objective->write_start(std::span(start));
    backend.upload(std::span<const float>(start), x.view());
  }

  double step() {
    objective->next_batch();
    const double loss = objective->gradient_at(x.view(), gradient.view());
    backend.axpy(-0.05, gradient.view(), x.view());
    return loss;
  }

  [[nodiscard]] std::pair<double, double> quality() {
    const auto judged = objective->evaluate(x.view());
    REQUIRE(judged.has_value());
    return {judged->loss, judged->accuracy};
  }

  kernels::Backend& backend;
  std::unique_ptr<peers::NetworkObjective> objective;
  kernels::Buffer x;
  kernels::Buffer gradient;
};

}  // namespace

TEST_CASE("samples and test sets kept on a device and passes recorded there change nothing") {
  const std::size_t room = GENERATE(std::size_t{0}, std::size_t{1} << 30U);
  CAPTURE(room);
  const auto reference = test::reference_backend();
  test::RecordingBackend device;
  device.set_free_bytes(room);
  Learner expected(*reference);
  Learner got(device);
  for (int i = 0; i < 10; ++i) {
    CAPTURE(i);
    REQUIRE(got.quality() == expected.quality());
    REQUIRE(got.step() == expected.step());
  }
  CHECK(device.queued_count() == 9);
  CHECK(got.objective->task() == 1);
  CHECK(got.quality() == expected.quality());
  CHECK((device.cropped_count() > 0) == (room > 0));
}

TEST_CASE("who judges a run that is over gets the last task's test set") {
  test::RecordingBackend device;
  device.set_free_bytes(std::size_t{1} << 30U);
  Learner learner(device);
  const auto first = learner.quality();
  learner.objective->judge_last_task();
  const auto last = learner.quality();
  CHECK(last != first);
  Learner other(device);
  other.objective->judge_last_task();
  CHECK(last == other.quality());
}

TEST_CASE("a test set that is kept is gone before the next task's samples come") {
  test::RecordingBackend device;
  device.set_free_bytes(std::size_t{1} << 30U);
  Learner learner(device);
  for (int i = 0; i < 4; ++i) learner.step();
  const std::size_t before = device.held_bytes();
  static_cast<void>(learner.quality());
  static_cast<void>(learner.quality());
  const std::size_t judged = device.held_bytes();
  learner.step();
  const std::size_t pixels = test_of(0).shape().count();
  CHECK(judged > before);
  CHECK(device.held_bytes() ==
        judged - kTestSamples * (pixels + 1) * sizeof(float) - (20 - 13) * pixels * sizeof(float));
}
