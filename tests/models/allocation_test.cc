// A training step takes its memory once: later steps of the same batch allocate nothing, but for
// what oneDNN allocates inside a call.

#include "tests/support/count_allocations.h"

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "models/layers/parse.h"
#include "models/network.h"
#include "models/zoo/zoo.h"
#include "runtime/random.h"
#include "tests/support/catch.h"

namespace {

// A network of this spec on a CPU, ready to take steps.
class Trainer {
 public:
  Trainer(kernels::Backend& cpu, const models::NetworkSpec& spec, std::size_t batch)
      : network_(created(cpu, spec, batch)),
        parameters_(network_->parameter_count()),
        gradient_(parameters_.size()),
        samples_(batch * spec.input.count()),
        labels_(batch * spec.targets.count) {
    network_->initialise(1, parameters_);
    runtime::Random random(1);
    for (float& value : samples_)
      value = static_cast<float>(random.below(spec.vocabulary > 0 ? spec.vocabulary : 2));
    batch_ = {.samples = std::span<const float>(samples_),
              .labels = std::span<const std::int32_t>(labels_),
              .size = batch};
  }

  // Layers that multiply by one.
  [[nodiscard]] std::size_t matrices() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        network_->tensors(), [](const auto& tensor) { return tensor.shape.size() > 1; }));
  }

  void step() {
    static_cast<void>(network_->loss_and_gradient(std::span<const float>(parameters_), batch_,
                                                  std::span<float>(gradient_)));
    network_->move_statistics(std::span<const float>(parameters_), std::span<float>(gradient_));
  }

 private:
  static std::unique_ptr<models::Network> created(kernels::Backend& cpu,
                                                  const models::NetworkSpec& spec,
                                                  std::size_t batch) {
    auto network = models::Network::create(spec, cpu, batch);
    if (!network) FAIL(network.error().message);
    return std::move(network).value();
  }

  std::unique_ptr<models::Network> network_;
  std::vector<float> parameters_;
  std::vector<float> gradient_;
  std::vector<float> samples_;
  std::vector<std::int32_t> labels_;
  models::Batch batch_;
};

std::unique_ptr<kernels::Backend> open_cpu() {
  auto opened = kernels::open_backend({.device = "cpu", .threads = 1});
  REQUIRE(opened.ok());
  return std::move(opened->backend);
}

}  // namespace

TEST_CASE("a network without products of matrices allocates nothing after its first step") {
  const auto cpu = open_cpu();
  Trainer trainer(*cpu,
                  {.kind = "layers",
                   .input = {.height = 6},
                   .classes = 8,
                   .layers = {"embedding 5 8", "positions", "dropout 0.5",
                              "residual { layernorm, gelu }", "batchnorm", "relu", "layernorm"},
                   .targets = {.count = 6, .label_smoothing = 0.1},
                   .vocabulary = 5},
                  4);
  CHECK(count_allocations::in([&] { trainer.step(); }) > 0);
  for (int i = 0; i < 3; ++i) CHECK(count_allocations::in([&] { trainer.step(); }) == 0);
}

TEST_CASE("the zoo's networks allocate the same little in every step, inside oneDNN") {
  const auto cpu = open_cpu();
  for (const std::string kind : {"mlp", "lenet5", "resnet20", "gpt-mini"}) {
    CAPTURE(kind);
    Trainer trainer(*cpu, models::usual_spec(kind), 2);
    const std::size_t first = count_allocations::in([&] { trainer.step(); });
    const std::size_t second = count_allocations::in([&] { trainer.step(); });
    CHECK(second < first);
    // Seven executions of oneDNN's at most for each; its batched kernels (AVX-512) take the more.
    CHECK(second <= 32 * trainer.matrices());
    for (int i = 0; i < 3; ++i) CHECK(count_allocations::in([&] { trainer.step(); }) == second);
  }
}
