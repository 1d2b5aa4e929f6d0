#include "models/rounding_plan.h"

#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "models/network.h"
#include "models/zoo/zoo.h"
#include "runtime/random.h"
#include "tests/support/catch.h"

namespace {

using models::PlannedNode;
using models::ReadsIn;
using models::Roundable;

constexpr Roundable kConv{.in = true, .d_out = true, .results = false};
constexpr Roundable kConvWithBias{.in = true, .d_out = false, .results = false};
constexpr Roundable kNorm{.in = false, .d_out = false, .results = true};
constexpr Roundable kDense{.in = true, .d_out = false, .results = true};
constexpr Roundable kPool{};

// Each reads the one before it.
std::vector<PlannedNode> chain(std::initializer_list<Roundable> layers) {
  std::vector<PlannedNode> nodes;
  for (const Roundable& layer : layers)
    nodes.push_back({.in = nodes.empty() ? models::Node::kNetworkInput : nodes.size() - 1,
                     .shortcut = models::Node::kNone,
                     .reads = {},
                     .roundable = layer,
                     .out_count = 1});
  return nodes;
}

// "plain", "rounded", "both", with "'" where the gradient is rounded.
std::vector<std::string> words(const std::vector<PlannedNode>& nodes) {
  std::vector<std::string> all;
  for (const models::Rounding& rounding : models::plan_rounding(nodes)) {
    const char* const where = !rounding.rounded ? "plain" : rounding.plain ? "both" : "rounded";
    all.push_back(std::string(where) + (rounding.gradient ? "'" : ""));
  }
  return all;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a lone layer's output stays as it is") {
  CHECK(words(chain({kConv})) == Words{"plain"});
  CHECK(words(chain({kNorm})) == Words{"plain"});
}

TEST_CASE("between a normalisation and a convolution there is bf16 only") {
  CHECK(words(chain({kConv, kNorm, kConv, kPool})) == Words{"plain'", "rounded", "plain", "plain"});
  CHECK(words(chain({kConvWithBias, kNorm, kConv})) == Words{"plain", "rounded", "plain"});
  CHECK(words(chain({kConv, kPool, kConv})) == Words{"plain", "plain", "plain"});
}

TEST_CASE("between dense layers there is bf16 only, and gradients as they are") {
  CHECK(words(chain({kDense, kDense, kDense})) == Words{"rounded", "rounded", "plain"});
  CHECK(words(chain({kConv, kDense, kPool})) == Words{"plain'", "plain", "plain"});
}

TEST_CASE("what a shortcut or another layer reads is there as it is, too") {
  auto nodes = chain({kConv, kNorm, kConv, kNorm, kPool});
  nodes[3].shortcut = 1;
  CHECK(words(nodes) == Words{"plain'", "both", "plain'", "plain", "plain"});
}

TEST_CASE("a gradient that two layers add to is not rounded") {
  auto nodes = chain({kConv, kNorm, kNorm});
  nodes[2].in = 0;
  CHECK(words(nodes) == Words{"plain", "plain", "plain"});
  nodes = chain({kConv, kNorm});
  nodes[1].shortcut = 0;  // through the sum it is the same
  CHECK(words(nodes)[0] == "plain");
}

TEST_CASE("that activations and gradients lie in memory as bf16 changes no bit of a pass") {
  const auto cpu = kernels::open_backend(
      {.device = "cpu", .threads = 1, .precision = kernels::Precision::kBf16});
  REQUIRE(cpu);
  if (!cpu->backend->takes_rounded()) {
    WARN("skipped: " << cpu->notice);
    return;
  }
  for (const char* const kind : {"resnet20", "resnet50", "lenet5", "mlp"}) {
    CAPTURE(kind);
    constexpr std::size_t kBatch = 2;
    auto created = models::Network::create(models::usual_spec(kind), *cpu->backend, kBatch);
    REQUIRE(created);
    models::Network& network = **created;
    runtime::Random random(5);
    std::vector<float> parameters(network.parameter_count());
    network.initialise(5, parameters);
    std::vector<float> pixels(kBatch * network.input().count());
    for (float& x : pixels) x = static_cast<float>(random.uniform(-1.0, 1.0));
    const std::vector<std::int32_t> labels{3, 7};
    const auto pass = [&] {
      std::vector<float> gradient(parameters.size());
      gradient.front() = static_cast<float>(
          network.loss_and_gradient(std::span<const float>(parameters),
                                    {.samples = std::span<const float>(pixels),
                                     .labels = std::span<const std::int32_t>(labels),
                                     .size = kBatch},
                                    std::span(gradient)));
      return gradient;
    };
    const std::vector<float> rounded = pass();
    const std::size_t bytes = network.activation_bytes();
    // Too small a share for one number: all are kept, as f32.
    REQUIRE(network.drop_activations(1e-9));
    CHECK(pass() == rounded);
    CHECK(bytes < network.planned_activation_bytes(kBatch));
  }
}
