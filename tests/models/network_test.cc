#include "models/network.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "kernels/open_backend.h"
#include "models/batch.h"
#include "models/zoo/zoo.h"
#include "runtime/random.h"
#include "tests/models/numbered_dataset.h"
#include "tests/support/catch.h"

namespace {

using kernels::Backend;
using models::ConvSpec;
using models::DenseSpec;
using models::ImageShape;
using models::LayerSpec;
using models::Network;
using models::PoolSpec;
using models::ReluSpec;

constexpr ImageShape kDigit{.height = 28, .width = 28, .channels = 1};

std::unique_ptr<Backend> open(const std::string& device) {
  auto opened = kernels::open_backend({.device = device, .threads = 1});
  REQUIRE(opened.ok());
  return std::move(opened->backend);
}

std::unique_ptr<Network> network_of(const ImageShape& input, std::span<const LayerSpec> layers,
                                    Backend& backend, std::size_t batch_max) {
  auto network = Network::of_layers(input, layers, backend, batch_max);
  REQUIRE(network.ok());
  return std::move(network).value();
}

// What there is of layers, in 8x8 images of two channels.
std::vector<LayerSpec> every_layer() {
  return {ConvSpec{.channels = 3, .kernel = 3, .stride = 1, .padding = 1},
          ReluSpec{},
          PoolSpec{},
          ConvSpec{.channels = 4, .kernel = 2},
          PoolSpec{.kind = kernels::PoolKind::kAverage, .window = 3},
          ReluSpec{},
          DenseSpec{6},
          ReluSpec{},
          DenseSpec{3}};
}
constexpr ImageShape kSmall{.height = 8, .width = 8, .channels = 2};

template <typename T>
struct Sample {  // of random numbers: parameters and a batch for a network
  std::vector<T> parameters;
  std::vector<T> pixels;
  std::vector<std::int32_t> labels;

  Sample(const Network& network, std::size_t size, std::uint64_t seed)
      : parameters(network.parameter_count()),
        pixels(size * network.input().count()),
        labels(size) {
    runtime::Random random(seed);
    for (T& value : parameters) value = static_cast<T>(random.uniform(-0.5, 0.5));
    for (T& value : pixels) value = static_cast<T>(random.uniform(-1.0, 1.0));
    for (auto& label : labels) label = static_cast<std::int32_t>(random.below(network.classes()));
  }
  [[nodiscard]] models::Batch batch() const {
    return {.samples = std::span<const T>(pixels),
            .labels = std::span<const std::int32_t>(labels),
            .size = labels.size()};
  }
};

template <typename T>
double loss_at(Network& network, const Sample<T>& sample) {
  const auto score = network.score(std::span<const T>(sample.parameters), sample.batch());
  return score.loss_sum / static_cast<double>(score.count);
}

std::string refusal(const ImageShape& input, const std::vector<LayerSpec>& layers) {
  const auto backend = open("reference");
  const auto network = Network::of_layers(input, layers, *backend, 1);
  REQUIRE_FALSE(network.ok());
  return network.error().message;
}

std::string refusal(const models::NetworkSpec& spec) {
  const auto backend = open("reference");
  const auto network = Network::create(spec, *backend, 1);
  REQUIRE_FALSE(network.ok());
  return network.error().message;
}

std::unique_ptr<Network> zoo_network(const std::string& kind, Backend& backend,
                                     std::size_t batch_max = 1) {
  auto network = Network::create(models::usual_spec(kind), backend, batch_max);
  REQUIRE(network.ok());
  return std::move(network).value();
}

}  // namespace

TEST_CASE("the gradient of one dense layer is (softmax - label) times the input") {
  const auto backend = open("reference");
  const std::vector<LayerSpec> layers{DenseSpec{2}};
  const auto network = network_of({.height = 1, .width = 1, .channels = 1}, layers, *backend, 1);
  const std::vector<double> parameters{0.0, 0.0, 0.0, 0.0};  // equal logits: softmax = 1/2, 1/2
  const std::vector<double> pixels{3.0};
  const std::vector<std::int32_t> labels{1};
  std::vector<double> gradient(4);
  const double loss = network->loss_and_gradient(std::span<const double>(parameters),
                                                 {.samples = std::span<const double>(pixels),
                                                  .labels = std::span<const std::int32_t>(labels),
                                                  .size = 1},
                                                 std::span<double>(gradient));
  CHECK(loss == Approx(std::log(2.0)));
  CHECK(gradient == std::vector<double>{1.5, -1.5, 0.5, -0.5});
}

TEST_CASE("the gradient is what finite differences of the loss say, for every parameter") {
  const auto backend = open("reference");
  const auto network = network_of(kSmall, every_layer(), *backend, 4);
  Sample<double> sample(*network, 4, 12);
  std::vector<double> gradient(network->parameter_count());
  const double loss = network->loss_and_gradient(std::span<const double>(sample.parameters),
                                                 sample.batch(), std::span<double>(gradient));
  CHECK(loss == Approx(loss_at(*network, sample)).epsilon(1e-12));
  constexpr double kStep = 1e-6;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double value = sample.parameters[i];
    sample.parameters[i] = value + kStep;
    const double above = loss_at(*network, sample);
    sample.parameters[i] = value - kStep;
    const double below = loss_at(*network, sample);
    sample.parameters[i] = value;
    CAPTURE(i);
    REQUIRE(gradient[i] == Approx((above - below) / (2 * kStep)).epsilon(1e-6).margin(1e-8));
  }
  CHECK(std::ranges::count(gradient, 0.0) < static_cast<std::ptrdiff_t>(gradient.size() / 2));
}

TEST_CASE("the cpu's loss and gradient are the reference's") {
  const auto reference = open("reference");
  const auto cpu = open("cpu");
  for (const std::string kind : {"logistic", "mlp", "lenet5"}) {
    CAPTURE(kind);
    const auto expected = zoo_network(kind, *reference, 5);
    const auto actual = zoo_network(kind, *cpu, 5);
    Sample<float> sample(*expected, 5, 4);
    expected->initialise(8, sample.parameters);
    std::vector<float> a(expected->parameter_count());
    std::vector<float> b(a.size());
    const auto parameters = std::span<const float>(sample.parameters);
    const double loss = expected->loss_and_gradient(parameters, sample.batch(), std::span(a));
    CHECK(actual->loss_and_gradient(parameters, sample.batch(), std::span(b)) ==
          Approx(loss).epsilon(1e-5));
    double error = 0.0;
    double norm = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
      error += difference * difference;
      norm += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    }
    CHECK(norm > 0.0);
    CHECK(std::sqrt(error) < 1e-5 * std::sqrt(norm));
    const auto score = actual->score(parameters, sample.batch());
    CHECK(score.count == 5);
    CHECK(score.correct == expected->score(parameters, sample.batch()).correct);
  }
}

TEST_CASE("a batch's loss and gradient are the means of its samples'") {
  const auto backend = open("reference");
  const auto network = network_of(kSmall, every_layer(), *backend, 3);
  const Sample<double> sample(*network, 3, 5);
  const std::size_t pixels = network->input().count();
  const auto parameters = std::span<const double>(sample.parameters);
  std::vector<double> whole(network->parameter_count());
  const double loss = network->loss_and_gradient(parameters, sample.batch(), std::span(whole));
  std::vector<double> mean(whole.size());
  double loss_mean = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<double> one(whole.size());
    const models::Batch batch{.samples = std::span(sample.pixels).subspan(i * pixels, pixels),
                              .labels = std::span(sample.labels).subspan(i, 1),
                              .size = 1};
    loss_mean += network->loss_and_gradient(parameters, batch, std::span(one)) / 3.0;
    for (std::size_t k = 0; k < one.size(); ++k) mean[k] += one[k] / 3.0;
  }
  CHECK(loss == Approx(loss_mean));
  for (std::size_t k = 0; k < whole.size(); ++k) {
    CAPTURE(k);
    REQUIRE(whole[k] == Approx(mean[k]).epsilon(1e-9).margin(1e-12));
  }
}

TEST_CASE("a pass leaves nothing behind that the next one sees") {
  const auto backend = open("cpu");
  const auto network = network_of(kSmall, every_layer(), *backend, 8);
  const Sample<float> small(*network, 2, 5);
  const Sample<float> large(*network, 8, 6);
  const auto gradient_of = [&](const Sample<float>& sample) {
    std::vector<float> gradient(network->parameter_count(), 7.0F);
    CHECK(network->loss_and_gradient(std::span(sample.parameters), sample.batch(),
                                     std::span(gradient)) > 0.0);
    return gradient;
  };
  const std::vector<float> first = gradient_of(small);
  gradient_of(large);
  CHECK(loss_at(*network, large) > 0.0);
  CHECK(gradient_of(small) == first);
}

TEST_CASE("a host batch is staged without being changed") {
  const auto backend = open("cpu");
  const NumberedDataset dataset(10);
  models::BatchStage stage(*backend, dataset, 3);
  const models::HostBatch host{.samples = {1.0F, 2.0F, 3.0F, 4.0F}, .labels = {5, 6}};
  const models::Batch batch = stage.stage(host);
  CHECK(batch.size == 2);
  std::vector<float> samples(4);
  backend->download(batch.samples, std::span(samples));
  CHECK(samples == host.samples);
  std::vector<std::int32_t> labels(2);
  backend->download(batch.labels, std::span(labels));
  CHECK(labels == host.labels);
}

TEST_CASE("lenet5 has the tensors of its PyTorch twin") {
  const auto backend = open("reference");
  const auto network = zoo_network("lenet5", *backend);
  using Shape = std::vector<std::size_t>;
  const std::vector<std::pair<std::string, Shape>> expected{
      {"conv1.weight", {6, 1, 5, 5}},  {"conv1.bias", {6}},
      {"conv2.weight", {16, 6, 5, 5}}, {"conv2.bias", {16}},
      {"fc1.weight", {120, 400}},      {"fc1.bias", {120}},
      {"fc2.weight", {84, 120}},       {"fc2.bias", {84}},
      {"fc3.weight", {10, 84}},        {"fc3.bias", {10}}};
  REQUIRE(network->tensors().size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(network->tensors()[i].name == expected[i].first);
    CHECK(network->tensors()[i].shape == expected[i].second);
  }
  CHECK(network->parameter_count() == 61'706);
}

TEST_CASE("tensors divide the flat vector without gaps") {
  const auto backend = open("reference");
  for (const auto& known : models::known_models()) {
    const auto network = zoo_network(std::string(known.name), *backend);
    std::size_t offset = 0;
    for (const auto& tensor : network->tensors()) {
      std::size_t elements = 1;
      for (const std::size_t size : tensor.shape) elements *= size;
      CHECK(tensor.offset == offset);
      CHECK(tensor.count == elements);
      offset += tensor.count;
    }
    CHECK(offset == network->parameter_count());
  }
}

TEST_CASE("initial parameters follow from the seed and stay within 1/sqrt(fan in)") {
  const auto backend = open("reference");
  const auto network = zoo_network("lenet5", *backend);
  std::vector<float> a(network->parameter_count());
  std::vector<float> b(a.size());
  network->initialise(1, a);
  network->initialise(1, b);
  CHECK(a == b);
  network->initialise(2, b);
  CHECK(a != b);
  for (const auto& tensor : network->tensors()) {
    if (tensor.shape.size() == 1) continue;
    const auto fan_in = static_cast<double>(tensor.count / tensor.shape[0]);
    double most = 0.0;
    for (std::size_t i = 0; i < tensor.count; ++i)
      most = std::max(most, std::fabs(static_cast<double>(a[tensor.offset + i])));
    CAPTURE(tensor.name);
    CHECK(most <= 1.0 / std::sqrt(fan_in) * (1.0 + 1e-7));
    CHECK(most > 0.9 / std::sqrt(fan_in));
  }
}

TEST_CASE("initial parameters have the same bits on every machine and compiler") {
  const auto backend = open("reference");
  const auto network = zoo_network("lenet5", *backend);
  std::vector<float> parameters(network->parameter_count());
  network->initialise(1, parameters);
  std::uint64_t hash = 0;
  for (const float value : parameters)
    hash = runtime::mix_bits(hash + static_cast<std::uint64_t>(static_cast<std::int64_t>(
                                        static_cast<double>(value) * 0x1.0p40)));
  CHECK(hash == 0x6d21cd924583d85b);
}

TEST_CASE("equal architectures have equal hashes, others have others") {
  const auto backend = open("reference");
  std::set<std::uint64_t> hashes;
  for (const auto& known : models::known_models()) {
    const std::string kind(known.name);
    hashes.insert(zoo_network(kind, *backend)->architecture_hash());
    hashes.insert(zoo_network(kind, *backend, 9)->architecture_hash());
  }
  CHECK(hashes.size() == models::known_models().size());
  const auto fewer = Network::create({.kind = "mlp", .input = kDigit, .classes = 9}, *backend, 1);
  REQUIRE(fewer.ok());
  CHECK(hashes.count((*fewer)->architecture_hash()) == 0);
}

TEST_CASE("the summary names every layer, its output and its parameters") {
  const auto backend = open("reference");
  const std::string summary = zoo_network("lenet5", *backend)->summary();
  for (const char* words : {"conv 6 5x5 pad 2, relu", "28x28x6", "max pool 2", "5x5x16",
                            "dense 120, relu", "dense 10", "61706"})
    CHECK(summary.find(words) != std::string::npos);
}

TEST_CASE("a step's multiplications are those of its products, forward and twice backward") {
  const auto backend = open("reference");
  // Over 8x8x2 images: 64 pixels of 3 channels, each 3x3x2; then 4 pixels of 5, each 3; then 20x3.
  const std::vector<LayerSpec> layers{ConvSpec{.channels = 3, .kernel = 3, .padding = 1},
                                      PoolSpec{.window = 4}, models::LinearSpec{.outputs = 5},
                                      models::AttentionSpec{}, DenseSpec{3}};
  const auto network = network_of(kSmall, layers, *backend, 1);
  const std::size_t attention = 4 * (5 * 15 + 5 * 5) + 2 * 4 * 4 * 5;
  CHECK(network->step_multiplications() == 2 * 64 * 3 * 18 + 3 * (4 * 5 * 3 + attention + 20 * 3));
}

TEST_CASE("an unknown model is refused with the known ones") {
  CHECK(refusal({.kind = "resnet99", .input = kDigit, .classes = 10}) ==
        "unknown model \"resnet99\": expected one of gpt-mini, lenet5, logistic, mlp, resnet18, "
        "resnet20, resnet50, vgg11, vgg16, vit-tiny");
}

TEST_CASE("samples that do not fit the model are refused with both sizes") {
  CHECK(
      refusal(
          {.kind = "lenet5", .input = {.height = 5, .width = 28, .channels = 1}, .classes = 10}) ==
      "lenet5 on samples of 5x28x1: layer 4: a convolution of 5x5 does not fit into an image of "
      "2x14");
  CHECK(refusal({.kind = "mlp", .input = kDigit, .classes = 0}) == "mlp with no classes");
}

TEST_CASE("layers that cannot be are refused with their place") {
  CHECK(refusal(kDigit, {}) == "a network of no layers");
  CHECK(refusal({.height = 0, .width = 2, .channels = 1}, {DenseSpec{1}}) ==
        "a network cannot read samples of 0x2x1");
  CHECK(refusal(kDigit, {ReluSpec{}, PoolSpec{.window = 29}}) ==
        "layer 2: a pool window of 29x29 does not fit into an image of 28x28");
  CHECK(refusal(kDigit, {PoolSpec{.window = 0}}) == "layer 1: pool: window must be at least 1");
  CHECK(refusal(kDigit, {DenseSpec{0}}) == "layer 1: dense: outputs must be at least 1");
  CHECK(refusal(kDigit, {ConvSpec{.stride = 0}}) ==
        "layer 1: conv: channels, kernel, stride and groups must be at least 1");
}
