#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "models/network.h"
#include "models/zoo/zoo.h"
#include "runtime/random.h"
#include "tests/support/far_backend.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using models::ImageShape;
using models::LayerSpec;
using models::Network;

std::unique_ptr<kernels::Backend> open(const std::string& device) {
  auto opened = kernels::open_backend({.device = device, .threads = 1});
  REQUIRE(opened.ok());
  return std::move(opened->backend);
}

// A network, and one batch of random numbers for it.
struct Trial {
  std::unique_ptr<Network> network;
  std::vector<float> parameters;
  std::vector<float> pixels;
  std::vector<std::int32_t> labels;
  double loss = 0.0;
  std::vector<float> gradient;

  Trial(const std::string& kind, kernels::Backend& backend, std::size_t batch) {
    auto made = Network::create(models::usual_spec(kind), backend, batch);
    REQUIRE(made.ok());
    network = std::move(made).value();
    parameters.resize(network->parameter_count());
    network->initialise(1, parameters);
    runtime::Random random(2);
    pixels.resize(batch * network->input().count());
    for (float& x : pixels) x = static_cast<float>(random.normal());
    labels.resize(batch);
    for (auto& label : labels) label = static_cast<std::int32_t>(random.below(network->classes()));
  }

  Trial& pass() {
    gradient.assign(parameters.size(), 7.0F);
    loss = network->loss_and_gradient(std::span<const float>(parameters),
                                      {.samples = std::span<const float>(pixels),
                                       .labels = std::span<const std::int32_t>(labels),
                                       .size = labels.size()},
                                      std::span<float>(gradient));
    return *this;
  }
  Trial& drop(double share) {
    REQUIRE(network->drop_activations(share).ok());
    return *this;
  }
};

// Whether a tensor is what a layer that reads activations for its weights alone learns.
bool approximate(const models::ParameterTensor& tensor) { return tensor.shape.size() >= 2; }

constexpr const char* kKinds[] = {"logistic", "mlp", "lenet5", "vgg11", "resnet20", "vit-tiny"};

}  // namespace

TEST_CASE("dropping nothing changes no bit of loss and gradient") {
  for (const char* device : {"reference", "cpu"}) {
    for (const char* kind : {"mlp", "lenet5"}) {
      CAPTURE(device, kind);
      const auto backend = open(device);
      Trial whole(kind, *backend, 3);
      Trial none(kind, *backend, 3);
      whole.pass();
      none.drop(0.0).pass();
      CHECK(none.loss == whole.loss);
      CHECK(none.gradient == whole.gradient);
    }
  }
}

TEST_CASE("a share too small to drop a number packs all and changes no bit") {
  const auto backend = open("cpu");
  for (const char* kind : kKinds) {
    CAPTURE(kind);
    Trial whole(kind, *backend, 2);
    Trial packed(kind, *backend, 2);
    whole.pass();
    packed.drop(1e-9).pass();
    CHECK(packed.loss == whole.loss);
    CHECK(packed.gradient == whole.gradient);
  }
}

TEST_CASE("whatever is dropped, loss, biases and first weights keep every bit") {
  for (const char* device : {"reference", "cpu"}) {
    for (const char* kind : {"mlp", "lenet5", "resnet20"}) {
      if (device == std::string("reference") && kind == std::string("resnet20")) continue;
      for (const double share : {0.3, 0.9, 0.99}) {
        CAPTURE(device, kind, share);
        const auto backend = open(device);
        Trial whole(kind, *backend, 2);
        Trial dropped(kind, *backend, 2);
        whole.pass();
        dropped.drop(share).pass();
        CHECK(dropped.loss == whole.loss);
        std::size_t changed = 0;
        for (const models::ParameterTensor& tensor : whole.network->tensors()) {
          const auto begin = static_cast<std::ptrdiff_t>(tensor.offset);
          const bool same =
              std::equal(whole.gradient.begin() + begin,
                         whole.gradient.begin() + begin + static_cast<std::ptrdiff_t>(tensor.count),
                         dropped.gradient.begin() + begin);
          CAPTURE(tensor.name);
          // The samples themselves are there anyway: what reads them reads all of them.
          if (!approximate(tensor) || tensor.offset == 0) CHECK(same);
          if (!same) ++changed;
        }
        if (share >= 0.9) CHECK(changed > 0);  // before, zeros of ReLUs go first
      }
    }
  }
}

TEST_CASE("a smaller batch and a scoring pass in between leave the gradient as it was") {
  const auto backend = open("cpu");
  Trial once(std::string("lenet5"), *backend, 4);
  Trial again(std::string("lenet5"), *backend, 4);
  once.drop(0.8).pass();
  again.drop(0.8).pass();
  const models::Batch half{
      .samples = std::span<const float>(again.pixels).first(2 * again.network->input().count()),
      .labels = std::span<const std::int32_t>(again.labels).first(2),
      .size = 2};
  std::vector<float> scratch(again.parameters.size());
  static_cast<void>(again.network->score(std::span<const float>(again.parameters), half));
  static_cast<void>(again.network->loss_and_gradient(std::span<const float>(again.parameters), half,
                                                     std::span<float>(scratch)));
  CHECK(again.pass().gradient == once.gradient);
}

TEST_CASE("memory of activations falls, the more the deeper the network") {
  const auto bytes = [](const char* kind, double share) {
    const auto backend = open("cpu");
    return static_cast<double>(
        Trial(kind, *backend, 16).drop(share).pass().network->activation_bytes());
  };
  CHECK(bytes("vgg11", 0.9) < 0.9 * bytes("vgg11", 0.0));
  CHECK(bytes("resnet20", 0.9) < 0.7 * bytes("resnet20", 0.0));
  CHECK(bytes("lenet5", 0.9) < 0.95 * bytes("lenet5", 0.0));
  CHECK(bytes("resnet20", 0.9) < bytes("resnet20", 0.5));
}

TEST_CASE("a step takes the memory that was planned for it") {
  const std::string kind = GENERATE("lenet5", "resnet20", "vit-tiny");
  const double share = GENERATE(0.0, 0.9);
  CAPTURE(kind, share);
  const auto backend = open("cpu");
  Trial trial(kind, *backend, 3);
  trial.drop(share);
  const std::size_t planned = trial.network->planned_activation_bytes(3);
  CHECK(trial.network->activation_bytes() == 0);
  trial.pass();
  CHECK(trial.network->activation_bytes() == planned);
  CHECK(trial.network->planned_activation_bytes(6) > planned);
}

TEST_CASE("where activations are not in the host's memory, dropping them is refused") {
  test::FarBackend far;
  auto made = Network::create(models::usual_spec("mlp"), far, 1);
  REQUIRE(made.ok());
  CHECK((*made)->drop_activations(0.0).ok());
  const auto refused = (*made)->drop_activations(0.5);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("expected cpu or reference, got ") != std::string::npos);
}
