// Networks that are no chain, and those with running statistics.
#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/open_backend.h"
#include "models/gradient_plan.h"
#include "models/layers/parse.h"
#include "models/network.h"
#include "runtime/random.h"
#include "tests/support/catch.h"

namespace {

using kernels::Backend;
using models::ImageShape;
using models::Network;

constexpr ImageShape kSmall{.height = 6, .width = 6, .channels = 2};
constexpr ImageShape kColour{.height = 32, .width = 32, .channels = 3};

std::unique_ptr<Backend> open(const std::string& device) {
  auto opened = kernels::open_backend({.device = device, .threads = 1});
  REQUIRE(opened.ok());
  return std::move(opened->backend);
}

using Lines = std::vector<std::string>;

std::unique_ptr<Network> network_of(const Lines& lines, Backend& backend,
                                    const ImageShape& input = kSmall) {
  auto network = Network::create({.kind = "layers", .input = input, .classes = 3, .layers = lines},
                                 backend, 8);
  if (!network) FAIL(network.error().message);
  return std::move(network).value();
}

std::string refusal(const Lines& lines) {
  const auto backend = open("reference");
  const auto network = Network::create(
      {.kind = "layers", .input = kSmall, .classes = 3, .layers = lines}, *backend, 1);
  REQUIRE_FALSE(network.ok());
  return network.error().message;
}

// Every kind of layer, shortcuts of both kinds, and a block in a block.
Lines branched() {
  return {
      "conv 3 3x3 pad 1 nobias",
      "batchnorm",
      "relu",
      "residual { conv 3 3x3 pad 1, relu, conv 3 3x3 pad 1, batchnorm }",
      "relu",
      "residual { conv 4 3x3 stride 2 pad 1 nobias, batchnorm, relu, residual { batchnorm, "
      "conv 4 1x1 } } shortcut { conv 4 1x1 stride 2, batchnorm }",
      "maxpool 2",
      "residual { relu }",
      "globalpool",
      "dense 3",
  };
}

template <typename T>
struct Sample {
  std::vector<T> parameters;
  std::vector<T> pixels;
  std::vector<std::int32_t> labels;

  Sample(const Network& network, std::size_t size, std::uint64_t seed)
      : parameters(network.parameter_count()),
        pixels(size * network.input().count()),
        labels(size) {
    runtime::Random random(seed);
    std::vector<float> start(parameters.size());
    network.initialise(seed, start);
    std::ranges::copy(start, parameters.begin());
    for (T& value : pixels) value = static_cast<T>(random.uniform(-1.0, 1.0));
    for (auto& label : labels) label = static_cast<std::int32_t>(random.below(network.classes()));
  }
  [[nodiscard]] models::Batch batch() const {
    return {.samples = std::span<const T>(pixels),
            .labels = std::span<const std::int32_t>(labels),
            .size = labels.size()};
  }
  double pass(Network& network, std::vector<T>& gradient) const {
    gradient.assign(network.parameter_count(), T{7});
    return network.loss_and_gradient(std::span<const T>(parameters), batch(), std::span(gradient));
  }
};

}  // namespace

TEST_CASE("gradients meet where branches part, as finite differences say") {
  const auto backend = open("reference");
  const auto network = network_of(branched(), *backend);
  Sample<double> sample(*network, 5, 3);
  std::vector<double> gradient;
  std::vector<double> ignored;
  sample.pass(*network, gradient);
  constexpr double kStep = 1e-6;
  for (std::size_t i = 0; i < network->learned_count(); ++i) {
    const double value = sample.parameters[i];
    sample.parameters[i] = value + kStep;
    const double above = sample.pass(*network, ignored);
    sample.parameters[i] = value - kStep;
    const double below = sample.pass(*network, ignored);
    sample.parameters[i] = value;
    CAPTURE(i);
    REQUIRE(gradient[i] == Approx((above - below) / (2 * kStep)).epsilon(1e-5).margin(1e-8));
  }
  CHECK(
      std::ranges::all_of(gradient.begin() + static_cast<std::ptrdiff_t>(network->learned_count()),
                          gradient.end(), [](double g) { return g == 0.0; }));
}

TEST_CASE("the cpu's residual networks are the reference's") {
  const auto reference = open("reference");
  const auto cpu = open("cpu");
  const auto create = [](Backend& backend) {
    auto network =
        Network::create({.kind = "resnet20", .input = kColour, .classes = 10}, backend, 2);
    REQUIRE(network.ok());
    return std::move(network).value();
  };
  const auto expected = create(*reference);
  const auto actual = create(*cpu);
  // Where two devices round a number to the two sides of zero, a ReLU lets one gradient pass and
  // not the other, and all before it differ. Some seed has no such number.
  double least = 1.0;
  for (std::uint64_t seed = 4; seed < 8; ++seed) {
    const Sample<float> sample(*expected, 2, seed);
    std::vector<float> a;
    std::vector<float> b;
    CHECK(sample.pass(*actual, b) == Approx(sample.pass(*expected, a)).epsilon(1e-5));
    double error = 0.0;
    double norm = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      error += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2.0);
      norm += std::pow(static_cast<double>(a[i]), 2.0);
    }
    CHECK(std::sqrt(error / norm) < 0.1);
    least = std::min(least, std::sqrt(error / norm));
  }
  CHECK(least < 1e-5);
}

TEST_CASE("running statistics move a tenth of the way to the batch's, and scoring reads them") {
  const auto backend = open("reference");
  const auto network = network_of({"batchnorm", "dense 3"}, *backend, {1, 1, 1});
  CHECK(network->parameter_count() - network->learned_count() == 2);
  Sample<double> sample(*network, 4, 5);
  sample.pixels = {1.0, 3.0, 5.0, 7.0};  // mean 4, variance 5, judged of all: 20/3
  std::vector<double> delta;
  sample.pass(*network, delta);
  const double learned = delta[0];
  network->move_statistics(std::span<const double>(sample.parameters), std::span(delta));
  CHECK(delta[0] == learned);
  CHECK(delta[network->learned_count()] == Approx(0.1 * (4.0 - 0.0)));
  CHECK(delta[network->learned_count() + 1] == Approx(0.1 * (20.0 / 3.0 - 1.0)));

  // With the batch's own moments for statistics, scoring is what training computed.
  sample.parameters[network->learned_count()] = 4.0;
  sample.parameters[network->learned_count() + 1] = 5.0;
  const double loss = sample.pass(*network, delta);
  const auto score = network->score(std::span<const double>(sample.parameters), sample.batch());
  CHECK(score.loss_sum / 4.0 == Approx(loss));
}

TEST_CASE("a batch forgets the moments of the one before it") {
  const auto backend = open("cpu");
  const auto network = network_of(branched(), *backend);
  const Sample<float> small(*network, 2, 5);
  const Sample<float> large(*network, 8, 6);
  std::vector<float> first;
  std::vector<float> again;
  small.pass(*network, first);
  large.pass(*network, again);
  static_cast<void>(network->score(std::span<const float>(large.parameters), large.batch()));
  small.pass(*network, again);
  CHECK(first == again);
}

TEST_CASE("a chain's gradients need two pieces of memory, a residual block's one more") {
  const auto plan = [](const Lines& lines) {
    const auto specs = models::parse_layers(lines);
    REQUIRE(specs.ok());
    const auto nodes = models::build_layers(kSmall, *specs);
    REQUIRE(nodes.ok());
    return models::plan_gradients(*nodes, false).slots.size();
  };
  CHECK(plan({"dense 3"}) == 1);
  CHECK(plan({"conv 2 1x1", "conv 2 1x1", "batchnorm", "conv 2 1x1", "dense 3"}) == 2);
  CHECK(plan({"batchnorm", "relu", "batchnorm"}) == 1);
  CHECK(plan({"conv 2 1x1", "residual { conv 2 1x1, conv 2 1x1 }", "dense 3"}) == 3);
  CHECK(plan({"conv 2 1x1", "residual { conv 2 1x1 }", "residual { conv 2 1x1 }", "dense 3"}) == 3);
}

TEST_CASE("resnets have the tensors of their torchvision twins") {
  const auto backend = open("reference");
  const auto names = [&](const char* kind) {
    const auto network =
        Network::create({.kind = kind, .input = kColour, .classes = 10}, *backend, 1);
    REQUIRE(network.ok());
    std::vector<std::string> all;
    for (const auto& tensor : (*network)->tensors()) all.push_back(tensor.name);
    return std::pair((*network)->learned_count(), all);
  };
  const auto has = [](const std::vector<std::string>& all, const char* name) {
    return std::ranges::count(all, std::string(name)) == 1;
  };
  const auto [count20, names20] = names("resnet20");
  CHECK(count20 == 272'474);
  for (const char* name : {"conv1.weight", "bn1.running_var", "layer1.0.conv2.weight",
                           "layer3.2.bn2.bias", "layer2.0.downsample.0.weight",
                           "layer2.0.downsample.1.running_mean", "fc.weight", "fc.bias"}) {
    CAPTURE(name);
    CHECK(has(names20, name));
  }
  CHECK_FALSE(has(names20, "conv1.bias"));
  CHECK(names("resnet18").first == 11'173'962);  // torchvision's, with a stem of 3x3 and 10 classes
  CHECK(names("resnet50").first == 23'520'842);
  const auto [count11, names11] = names("vgg11");
  CHECK(has(names11, "features.25.weight"));
  CHECK(has(names11, "features.26.running_mean"));
  CHECK(count11 == 9'231'114);
}

TEST_CASE("layers that a user got wrong are refused with their number and the word") {
  CHECK(refusal({"relu", "cnov 3 3x3"}) ==
        "layer 2, \"cnov 3 3x3\": unknown layer \"cnov\"; there are conv, dense, linear, maxpool, "
        "avgpool, globalpool, batchnorm, layernorm, relu, gelu, dropout, embedding, positions, "
        "attention, residual");
  CHECK(refusal({"conv many 3x3"}) ==
        "layer 1, \"conv many 3x3\": conv: the number of channels: expected a whole number, got "
        "\"many\"");
  CHECK(refusal({"conv 3 3x5"}) ==
        "layer 1, \"conv 3 3x5\": conv: expected a square window like 3x3, got \"3x5\"");
  CHECK(refusal({"conv 3 3x3 padding 1"}) ==
        "layer 1, \"conv 3 3x3 padding 1\": conv: expected stride, pad, groups or nobias, got "
        "\"padding\"");
  CHECK(refusal({"dense 3 4"}) == "layer 1, \"dense 3 4\": nothing was expected at \"4\"");
  CHECK(refusal({"residual { relu, }"}) ==
        "layer 1, \"residual { relu, }\": residual: unknown layer \"}\"; there are conv, dense, "
        "linear, maxpool, avgpool, globalpool, batchnorm, layernorm, relu, gelu, dropout, "
        "embedding, positions, attention, residual");
  CHECK(refusal({"residual relu"}) ==
        "layer 1, \"residual relu\": residual: expected {, got \"relu\"");
  CHECK(refusal({"residual { relu"}) ==
        "layer 1, \"residual { relu\": residual: expected , or }, got \"\"");
  CHECK(refusal({""}).starts_with("layer 1, \"\": unknown layer \"\""));
  CHECK(refusal({"dense 99999999999999999999"}).find("expected a whole number") !=
        std::string::npos);
  std::string deep = "relu";
  for (int i = 0; i < 20; ++i) deep = "residual { " + deep + " }";
  CHECK(refusal({deep}).ends_with("residual: blocks in blocks, too deep"));
}

TEST_CASE("shapes that do not meet are refused with both") {
  CHECK(refusal({"relu", "residual { conv 4 3x3 }", "dense 3"}) ==
        "layers on samples of 6x6x2: layer 2: residual: its layers end in 4x4x4, the shortcut in "
        "6x6x2");
  CHECK(refusal({"residual { relu, maxpool 9 }"}) ==
        "layers on samples of 6x6x2: layer 1: residual: layer 2: a pool window of 9x9 does not fit "
        "into an image of 6x6");
  CHECK(refusal({"conv 3 1x1 groups 2"}) ==
        "layers on samples of 6x6x2: layer 1: conv: 2 input and 3 output channels do not divide "
        "into 2 groups");
  CHECK(refusal({"dense 4"}) == "layers: the last layer has 4 outputs, the data 3 classes");
}

TEST_CASE("a network in words is the one of the zoo") {
  const auto backend = open("reference");
  const auto words = Network::create(
      {.kind = "layers",
       .input = {28, 28, 1},
       .classes = 10,
       .layers = {"conv 6 5x5 pad 2", "relu", "maxpool 2", "conv 16 5x5", "relu", "maxpool 2",
                  "dense 120", "relu", "dense 84", "relu", "dense 10"}},
      *backend, 1);
  const auto zoo =
      Network::create({.kind = "lenet5", .input = {28, 28, 1}, .classes = 10}, *backend, 1);
  REQUIRE(words.ok());
  REQUIRE(zoo.ok());
  CHECK((*words)->architecture_hash() == (*zoo)->architecture_hash());
}
