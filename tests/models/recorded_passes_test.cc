// What a device has recorded of a pass is the pass: the same steps to the bit, whatever comes by.

#include "models/recorded_passes.h"

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "models/network.h"
#include "runtime/random.h"
#include "tests/support/recording_backend.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using kernels::Scalar;
using models::Network;

using Lines = std::vector<std::string>;
const Lines& images() {
  static const auto& lines = *new Lines{
      "conv 4 3x3 pad 1", "batchnorm", "relu", "residual { conv 4 3x3 pad 1, batchnorm }",
      "maxpool 2",        "dense 5"};
  return lines;
}
const Lines& with_dropout() {
  static const auto& lines = *new Lines{"dense 8", "relu", "dropout 0.5", "dense 5"};
  return lines;
}

// A network that learns on a device, of batches that are staged in the same memory.
class Training {
 public:
  Training(kernels::Backend& backend, const Lines& layers, std::size_t batch_max)
      : backend_(backend) {
    auto made = Network::create(
        {.kind = "layers", .input = {6, 6, 2}, .classes = 5, .layers = layers}, backend, batch_max);
    if (!made.ok()) FAIL(made.error().message);
    network_ = std::move(made).value();
    std::vector<float> start(network_->parameter_count());
    network_->initialise(1, start);
    parameters_ = backend.allocate(start.size(), Scalar::kF32);
    gradient_ = backend.allocate(start.size(), Scalar::kF32);
    samples_ = backend.allocate(batch_max * network_->input().count(), Scalar::kF32);
    labels_ = backend.allocate(batch_max, Scalar::kI32);
    backend.upload(std::span<const float>(start), parameters_.view());
  }

  // One step on a batch of its own; its loss.
  double step(std::size_t batch) {
    const models::Batch staged = stage(batch);
    const double loss = network_->loss_and_gradient(parameters_.view(), staged, gradient_.view());
    network_->move_statistics(parameters_.view(), gradient_.view());
    backend_.axpy(-0.1, gradient_.view(), parameters_.view());
    return loss;
  }
  double score(std::size_t batch) {
    return network_->score(parameters_.view(), stage(batch)).loss_sum;
  }

  [[nodiscard]] std::vector<float> parameters() {
    std::vector<float> numbers(parameters_.count());
    backend_.download(parameters_.view(), std::span(numbers));
    return numbers;
  }
  Network& network() { return *network_; }

 private:
  models::Batch stage(std::size_t batch) {
    std::vector<float> pixels(batch * network_->input().count());
    for (float& x : pixels) x = static_cast<float>(random_.normal());
    std::vector<std::int32_t> labels(batch);
    for (auto& label : labels) label = static_cast<std::int32_t>(random_.below(5));
    const kernels::View samples = samples_.view().slice(0, pixels.size());
    const kernels::View classes = labels_.view().slice(0, batch);
    backend_.upload(std::span<const float>(pixels), samples);
    backend_.upload(std::span<const std::int32_t>(labels), classes);
    return {.samples = samples, .labels = classes, .size = batch, .draw = ++draw_};
  }

  kernels::Backend& backend_;
  std::unique_ptr<Network> network_;
  kernels::Buffer parameters_;
  kernels::Buffer gradient_;
  kernels::Buffer samples_;
  kernels::Buffer labels_;
  runtime::Random random_{2};
  std::uint64_t draw_ = 0;
};

// Both take the same steps; between them `meanwhile` is called with the number of each.
template <typename Action>
void check_same_steps(test::RecordingBackend& backend, const Lines& layers,
                      const std::vector<std::size_t>& batches, Action meanwhile) {
  const auto reference = test::reference_backend();
  Training expected(*reference, layers, 8);
  Training recorded(backend, layers, 8);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    CAPTURE(i);
    meanwhile(i, recorded);
    REQUIRE(recorded.step(batches[i]) == expected.step(batches[i]));
    REQUIRE(recorded.parameters() == expected.parameters());
  }
}
const auto kNothing = [](std::size_t /*step*/, Training& /*training*/) {};

class Watch final : public models::PassWatch {
 public:
  void begin(std::string_view /*pass*/, std::string_view /*layer*/) override { ++seen; }
  void end() override {}
  int seen = 0;
};

}  // namespace

TEST_CASE("a pass is recorded when it comes again, and is the same from then on") {
  test::RecordingBackend backend;
  check_same_steps(backend, images(), {8, 8, 8, 8, 8, 8}, kNothing);
  CHECK(backend.recorded_count() == 1);
  CHECK(backend.queued_count() == 5);
}

TEST_CASE("batches of another size are passes of their own") {
  test::RecordingBackend backend;
  check_same_steps(backend, images(), {8, 3, 8, 3, 8, 3, 5, 8}, kNothing);
  CHECK(backend.recorded_count() == 2);
  CHECK(backend.queued_count() == 5);
}

TEST_CASE("memory that grows for a larger batch ends what was recorded in the old one") {
  test::RecordingBackend backend;
  check_same_steps(backend, images(), {3, 3, 3, 8, 3, 3, 8}, kNothing);
  CHECK(backend.recorded_count() == 3);
  CHECK(backend.queued_count() == 4);
}

TEST_CASE("where a device's own memory has moved a pass is recorded anew") {
  test::RecordingBackend backend;
  check_same_steps(backend, images(), {8, 8, 8, 8, 8, 8}, [&](std::size_t step, Training&) {
    if (step == 3) backend.move_memory();
  });
  CHECK(backend.recorded_count() == 2);
  CHECK(backend.queued_count() == 4);
}

TEST_CASE("what is drawn is another in every pass, a recorded one too") {
  test::RecordingBackend backend;
  check_same_steps(backend, with_dropout(), {8, 8, 8, 8}, kNothing);
  CHECK(backend.recorded_count() == 1);
  CHECK(backend.queued_count() == 3);
}

TEST_CASE("who is watched layer by layer takes every pass by itself") {
  test::RecordingBackend backend;
  Watch watch;
  check_same_steps(backend, images(), {8, 8, 8, 8}, [&](std::size_t step, Training& training) {
    training.network().let_watch(step < 3 ? &watch : nullptr);
  });
  CHECK(watch.seen > 0);
  CHECK(backend.recorded_count() == 0);
}

TEST_CASE("scoring between steps leaves what was recorded as it is") {
  test::RecordingBackend backend;
  const auto reference = test::reference_backend();
  Training expected(*reference, images(), 8);
  Training recorded(backend, images(), 8);
  for (int i = 0; i < 4; ++i) {
    REQUIRE(recorded.step(8) == expected.step(8));
    REQUIRE(recorded.score(5) == expected.score(5));
  }
  CHECK(backend.queued_count() == 3);
}

TEST_CASE("of more passes than are kept the oldest is forgotten") {
  test::RecordingBackend backend;
  kernels::Buffer x = backend.allocate(1, Scalar::kF32);
  models::RecordedPasses passes;
  const auto run = [&](std::size_t batch) {
    passes.run(backend, {.batch = batch}, [&] { backend.fill(1.0, x.view()); });
  };
  for (int round = 0; round < 2; ++round)
    for (std::size_t batch = 1; batch <= 8; ++batch) run(batch);
  CHECK(backend.recorded_count() == 8);
  run(9);  // in place of 1
  run(2);
  CHECK(backend.recorded_count() == 8);
  run(1);
  CHECK(backend.recorded_count() == 8);
  run(1);
  CHECK(backend.recorded_count() == 9);
}
