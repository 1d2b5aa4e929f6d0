// A network on a device that keeps the samples and records its passes learns as on the host.

#include "peers/network_objective.h"

#include <numeric>
#include <vector>

#include "models/datasets/dataset.h"
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

// Two tasks, of other samples each, of four batches.
std::unique_ptr<peers::NetworkObjective> objective_on(kernels::Backend& backend) {
  const models::Dataset& train = *glyphs().train;
  auto network = models::Network::create({.kind = "layers",
                                          .input = train.shape(),
                                          .classes = train.classes(),
                                          .layers = {"conv 3 3x3", "relu", "dense 10"}},
                                         backend, kBatch);
  REQUIRE(network.ok());
  std::vector<float> start((*network)->parameter_count());
  (*network)->initialise(1, start);
  std::vector<std::uint32_t> first(20);
  std::iota(first.begin(), first.end(), 5U);
  std::vector<std::uint32_t> second(13);
  std::iota(second.begin(), second.end(), 40U);
  const models::Dataset* const test = glyphs().test.get();
  return std::make_unique<peers::NetworkObjective>(
      peers::NetworkObjective::Parts{.network = std::move(*network),
                                     .tasks = {{&train, test, first}, {&train, test, second}},
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

  kernels::Backend& backend;
  std::unique_ptr<peers::NetworkObjective> objective;
  kernels::Buffer x;
  kernels::Buffer gradient;
};

}  // namespace

TEST_CASE("samples kept on a device and passes recorded there change no step") {
  const std::size_t room = GENERATE(std::size_t{0}, std::size_t{1} << 30U);
  CAPTURE(room);
  const auto reference = test::reference_backend();
  test::RecordingBackend device;
  device.set_free_bytes(room);
  Learner expected(*reference);
  Learner got(device);
  for (int i = 0; i < 10; ++i) {
    CAPTURE(i);
    REQUIRE(got.step() == expected.step());
  }
  CHECK(device.queued_count() == 9);
  CHECK(got.objective->task() == 1);
  CHECK((device.cropped_count() > 0) == (room > 0));
}
