// A set that a device keeps is the one that the host reads, and what is made of it the same.

#include "models/test_set.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "models/evaluate.h"
#include "tests/support/gpus.h"
#include "tests/support/recording_backend.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using models::Evaluation;
using models::TestSet;

constexpr std::size_t kRoom = 1U << 20U;
constexpr std::size_t kClasses = 5;
constexpr std::size_t kPlaces = 3;  // of a sample, each with a label

// Samples of which no two are the same, and how often any was read.
class Numbers final : public models::Dataset {
 public:
  explicit Numbers(std::size_t size) : size_(size) {}
  [[nodiscard]] std::size_t size() const override { return size_; }
  [[nodiscard]] models::ImageShape shape() const override { return {kPlaces, 1, 2}; }
  [[nodiscard]] std::size_t classes() const override { return kClasses; }
  [[nodiscard]] std::size_t targets() const override { return kPlaces; }
  [[nodiscard]] std::int32_t label(std::size_t index) const override {
    return static_cast<std::int32_t>((7 * index + index / 11) % kClasses);
  }
  void read_labels(std::size_t index, std::span<std::int32_t> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = label(3 * index + i);
  }
  void read(std::size_t index, std::span<float> out) const override {
    ++reads_;
    std::iota(out.begin(), out.end(), static_cast<float>(index % 97) - 40.0F);
    out[0] += static_cast<float>(index) / 1000.0F;
  }
  [[nodiscard]] std::size_t reads() const { return reads_; }
  [[nodiscard]] std::size_t bytes() const { return size_ * (shape().count() + kPlaces) * 4; }

 private:
  std::size_t size_;
  mutable std::size_t reads_ = 0;
};

template <typename Number>
std::vector<Number> numbers_of(kernels::Backend& backend, kernels::ConstView view) {
  std::vector<Number> numbers(view.count());
  backend.download(view, std::span(numbers));
  return numbers;
}

// A network and its parameters on a device.
struct Judge {
  explicit Judge(kernels::Backend& on) : backend(on) {
    auto made = models::Network::create({.kind = "layers",
                                         .input = Numbers(1).shape(),
                                         .classes = kClasses,
                                         .layers = {"conv 5 1x1"},
                                         .targets = {.count = kPlaces}},
                                        backend, kRoom);
    if (!made.ok()) FAIL(made.error().message);
    network = std::move(made).value();
    std::vector<float> numbers(network->parameter_count());
    network->initialise(1, numbers);
    parameters = backend.allocate(numbers.size(), kernels::Scalar::kF32);
    backend.upload(std::span<const float>(numbers), parameters.view());
  }

  [[nodiscard]] Evaluation of(TestSet& set, std::size_t batch) {
    return models::evaluate(*network, parameters.view(), set, batch);
  }
  // With every batch read and staged when it is its turn.
  [[nodiscard]] Evaluation staged(const Numbers& numbers, std::size_t batch) {
    models::BatchStage stage(backend, numbers, batch);
    models::HostBatch host;
    models::Score sum;
    for (std::size_t start = 0; start < numbers.size(); start += batch) {
      models::read_samples(numbers, start, std::min(batch, numbers.size() - start), host);
      const models::Score score = network->score(parameters.view(), stage.stage(host));
      sum.loss_sum += score.loss_sum;
      sum.correct += score.correct;
    }
    const auto labels = static_cast<double>(numbers.size() * kPlaces);
    return {.loss = sum.loss_sum / labels, .accuracy = static_cast<double>(sum.correct) / labels};
  }

  kernels::Backend& backend;
  std::unique_ptr<models::Network> network;
  kernels::Buffer parameters;
};

void check_same(const Evaluation& got, const Evaluation& expected) {
  CHECK(got.loss == expected.loss);
  CHECK(got.accuracy == expected.accuracy);
  CHECK((got.accuracy > 0.0 && got.accuracy < 1.0));
}

}  // namespace

TEST_CASE("batches of a kept set are the host's, the last one that is not full too") {
  const std::size_t size = GENERATE(std::size_t{1}, std::size_t{30}, std::size_t{2500});
  const std::size_t batch = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{2500});
  CAPTURE(size, batch);
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  const auto gpu = test::gpu(gpu_name);
  const Numbers numbers(size);
  TestSet kept(*gpu, numbers);
  CHECK(numbers.reads() == size);
  models::HostBatch host;
  models::HostBatch expected;
  for (std::size_t start = 0; start < size; start += batch) {
    const std::size_t count = std::min(batch, size - start);
    const models::Batch got = kept.batch(start, count, host);
    models::read_samples(numbers, start, count, expected);
    REQUIRE(got.size == count);
    REQUIRE(numbers_of<float>(*gpu, got.samples) == expected.samples);
    REQUIRE(numbers_of<std::int32_t>(*gpu, got.labels) == expected.labels);
  }
  CHECK(numbers.reads() == 2 * size);
}

TEST_CASE("a GPU that keeps the set makes the same of it, and reads it once") {
  const Numbers numbers(1300);
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  const auto gpu = test::gpu(gpu_name);
  Judge judge(*gpu);
  TestSet kept(*gpu, numbers);
  for (const std::size_t batch : {256U, 100U, 1300U, 256U}) {
    CAPTURE(batch);
    const Evaluation expected = judge.staged(numbers, batch);
    const std::size_t reads = numbers.reads();
    check_same(judge.of(kept, batch), expected);
    CHECK(numbers.reads() == reads);
  }
}

TEST_CASE("with room or without a device makes of the set what the host does") {
  const bool room = GENERATE(false, true);
  CAPTURE(room);
  const Numbers numbers(50);
  const auto reference = test::reference_backend();
  test::RecordingBackend device;
  device.set_free_bytes(room ? kRoom : 0);
  Judge host(*reference);
  Judge judge(device);
  TestSet on_host(*reference, numbers);
  CHECK(numbers.reads() == 0);
  TestSet set(device, numbers);
  for (const std::size_t batch : {8U, 20U, 8U, 50U}) {
    CAPTURE(batch);
    const Evaluation expected = host.of(on_host, batch);
    const std::size_t reads = numbers.reads();
    check_same(judge.of(set, batch), expected);
    CHECK(numbers.reads() == reads + (room ? 0 : numbers.size()));
  }
}

TEST_CASE("a set that would take more than a quarter of a device's memory is not brought") {
  const Numbers numbers(50);
  test::RecordingBackend device;
  device.set_free_bytes(4 * numbers.bytes() - 1);
  const TestSet staged(device, numbers);
  CHECK(numbers.reads() == 0);
  device.set_free_bytes(4 * numbers.bytes());
  const TestSet kept(device, numbers);
  CHECK(numbers.reads() == numbers.size());
}
