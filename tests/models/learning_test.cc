// The claims that the generated set and the networks make about each other, shown by training.

#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "models/batch.h"
#include "models/datasets/glyphs.h"
#include "models/evaluate.h"
#include "models/loader.h"
#include "models/network.h"
#include "tests/support/catch.h"

namespace {

// Sanitizers slow training down by an order: there they see the same code with fewer samples, and
// the claim is only that the network learns.
#ifdef MURMUR_TEST_SANITIZED
constexpr std::size_t kTrainCount = 1'000;
constexpr double kLenetLeast = 0.3;
#else
constexpr std::size_t kTrainCount = 20'000;
constexpr double kLenetLeast = 0.97;
#endif
constexpr std::size_t kBatch = 32;

struct Training {
  std::string kind;
  std::size_t passes;
  double learning_rate;
};

// Test accuracy after so many passes of stochastic gradient descent with momentum 0.9.
double accuracy_of(const Training& training) {
  auto opened = kernels::open_backend({.device = "cpu", .threads = 1});
  REQUIRE(opened.ok());
  kernels::Backend& backend = *opened->backend;
  const auto data = models::open_glyphs({.seed = 1, .train_count = kTrainCount});
  auto created = models::Network::create(
      {.kind = training.kind, .input = data.train->shape(), .classes = data.train->classes()},
      backend, 4 * kBatch);
  REQUIRE(created.ok());
  models::Network& network = **created;
  std::vector<float> parameters(network.parameter_count());
  std::vector<float> gradient(parameters.size());
  std::vector<float> velocity(parameters.size());
  network.initialise(1, parameters);

  std::vector<std::uint32_t> everything(kTrainCount);
  std::iota(everything.begin(), everything.end(), 0U);
  models::Loader loader(*data.train, everything, {.batch = kBatch, .seed = 1});
  models::BatchStage stage(backend, *data.train, kBatch);
  const std::span<float> x(parameters);
  const std::span<float> m(velocity);
  for (std::size_t step = 0; step < training.passes * kTrainCount / kBatch; ++step) {
    static_cast<void>(
        network.loss_and_gradient(x, stage.stage(loader.next()), std::span<float>(gradient)));
    backend.scale(0.9, m);
    backend.axpy(1.0, std::span<float>(gradient), m);
    backend.axpy(-training.learning_rate, m, x);
  }
  models::TestSet test(backend, *data.test);
  return models::evaluate(network, x, test, 4 * kBatch).accuracy;
}

}  // namespace

TEST_CASE("lenet5 learns the glyphs beyond 97 percent") {
  CHECK(accuracy_of({.kind = "lenet5", .passes = 2, .learning_rate = 0.02}) > kLenetLeast);
}

TEST_CASE("a linear model learns something of the glyphs but stays below 95 percent") {
  const double accuracy = accuracy_of({.kind = "logistic", .passes = 8, .learning_rate = 0.01});
  CHECK(accuracy > 0.3);
  CHECK(accuracy < 0.95);
}
