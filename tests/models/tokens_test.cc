// Networks of tokens: what their layers compute together, what is refused, what chance does.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "models/layers/parse.h"
#include "models/network.h"
#include "models/zoo/zoo.h"
#include "runtime/random.h"
#include "tests/support/catch.h"

namespace {

using kernels::Backend;
using models::ImageShape;
using models::LayerSpec;
using models::Network;

std::unique_ptr<Backend> open(const std::string& device) {
  auto opened = kernels::open_backend({.device = device, .threads = 1});
  REQUIRE(opened.ok());
  return std::move(opened->backend);
}

std::vector<LayerSpec> layers_of(const std::vector<std::string>& lines) {
  auto layers = models::parse_layers(lines);
  if (!layers) FAIL(layers.error().message);
  return std::move(layers).value();
}

std::string refusal(const ImageShape& input, const std::vector<std::string>& lines,
                    std::size_t targets = 1) {
  const auto backend = open("reference");
  const auto layers = models::parse_layers(lines);
  if (!layers) return layers.error().message;
  const auto network = Network::of_layers(input, *layers, *backend, 1, {.count = targets});
  return network ? "" : network.error().message;
}

constexpr std::size_t kTokens = 5;
constexpr std::size_t kVocabulary = 7;
constexpr ImageShape kSequence{.height = kTokens};

// Every layer of a transformer, small.
std::vector<LayerSpec> small_transformer(const std::string& dropout) {
  return layers_of({"embedding 7 6", "positions", dropout,
                    "residual { layernorm, attention 2 causal, " + dropout + " }",
                    "residual { layernorm, linear 9, gelu, linear 6 }", "layernorm",
                    "linear 7 nobias"});
}

std::unique_ptr<Network> transformer(Backend& backend, const std::string& dropout = "dropout 0",
                                     double smoothing = 0.0) {
  const auto layers = small_transformer(dropout);
  auto network = Network::of_layers(kSequence, layers, backend, 3,
                                    {.count = kTokens, .label_smoothing = smoothing});
  if (!network) FAIL(network.error().message);
  return std::move(network).value();
}

template <typename T>
struct Sequences {
  std::vector<T> parameters;
  std::vector<T> tokens;
  std::vector<std::int32_t> labels;
  std::uint64_t draw = 0;

  Sequences(const Network& network, std::size_t size, std::uint64_t seed)
      : parameters(network.parameter_count()), tokens(size * kTokens), labels(size * kTokens) {
    runtime::Random random(seed);
    for (T& value : parameters) value = static_cast<T>(random.uniform(-0.7, 0.7));
    for (T& token : tokens) token = static_cast<T>(random.below(kVocabulary));
    for (auto& label : labels) label = static_cast<std::int32_t>(random.below(kVocabulary));
  }
  [[nodiscard]] models::Batch batch() const {
    return {.samples = std::span<const T>(tokens),
            .labels = std::span<const std::int32_t>(labels),
            .size = tokens.size() / kTokens,
            .draw = draw};
  }
};

template <typename T>
double loss_and_gradient(Network& network, const Sequences<T>& at, std::vector<T>& gradient) {
  gradient = std::vector<T>(at.parameters.size());
  return network.loss_and_gradient(std::span<const T>(at.parameters), at.batch(),
                                   std::span<T>(gradient));
}

template <typename T>
double loss_of(Network& network, const Sequences<T>& at) {
  std::vector<T> gradient;
  return loss_and_gradient(network, at, gradient);
}

template <typename T>
models::Score score_of(Network& network, const Sequences<T>& at) {
  return network.score(std::span<const T>(at.parameters), at.batch());
}

}  // namespace

TEST_CASE("a transformer's gradient is what finite differences of its loss say") {
  const auto backend = open("reference");
  const auto [dropout, smoothing] = GENERATE(std::pair<std::string, double>{"dropout 0", 0.0},
                                             std::pair<std::string, double>{"dropout 0.3", 0.2});
  CAPTURE(dropout, smoothing);
  const auto network = transformer(*backend, dropout, smoothing);
  Sequences<double> at(*network, 2, 3);
  std::vector<double> gradient;
  loss_and_gradient(*network, at, gradient);
  constexpr double kStep = 1e-5;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double value = at.parameters[i];
    at.parameters[i] = value + kStep;
    const double above = loss_of(*network, at);
    at.parameters[i] = value - kStep;
    const double below = loss_of(*network, at);
    at.parameters[i] = value;
    CAPTURE(i);
    REQUIRE(gradient[i] == Approx((above - below) / (2 * kStep)).epsilon(1e-6).margin(1e-8));
  }
  CHECK(std::ranges::count(gradient, 0.0) < static_cast<std::ptrdiff_t>(gradient.size() / 4));
}

TEST_CASE("the cpu's transformer is the reference's, dropout included") {
  const auto reference = open("reference");
  const auto cpu = open("cpu");
  const auto expected = transformer(*reference, "dropout 0.3", 0.1);
  const auto actual = transformer(*cpu, "dropout 0.3", 0.1);
  Sequences<float> at(*expected, 3, 5);
  at.draw = 11;
  std::vector<float> a;
  std::vector<float> b;
  CHECK(loss_and_gradient(*actual, at, b) ==
        Approx(loss_and_gradient(*expected, at, a)).epsilon(1e-5));
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(i);
    REQUIRE(std::abs(a[i] - b[i]) < 1e-5F);
  }
  CHECK(score_of(*actual, at).correct == score_of(*expected, at).correct);
}

TEST_CASE("a sequence is as many samples as it has labels") {
  const auto backend = open("reference");
  const auto network = transformer(*backend);
  CHECK(network->targets() == kTokens);
  CHECK(network->classes() == kVocabulary);
  const Sequences<double> at(*network, 3, 8);
  const models::Score score = score_of(*network, at);
  CHECK(score.count == 3 * kTokens);
  CHECK(score.correct < score.count);
  CHECK(score.loss_sum / (3 * kTokens) == Approx(loss_of(*network, at)));
}

TEST_CASE("what a token is told changes nothing before it") {
  // Causal all the way: the labels of the first tokens are as likely whatever comes later.
  const auto backend = open("reference");
  const auto network = transformer(*backend);
  Sequences<double> at(*network, 1, 9);
  const auto loss_before_last = [&](double last) {
    at.tokens.back() = last;
    const double whole = score_of(*network, at).loss_sum;
    const std::int32_t label = at.labels.back();
    double others = 0.0;  // the last label's share of the loss: log of the sum over all labels
    for (std::int32_t k = 0; k < static_cast<std::int32_t>(kVocabulary); ++k) {
      at.labels.back() = k;
      others += std::exp(whole - score_of(*network, at).loss_sum);
    }
    at.labels.back() = label;
    return whole - std::log(others);
  };
  CHECK(loss_before_last(0.0) == Approx(loss_before_last(6.0)).epsilon(1e-12));
}

TEST_CASE("one draw drops one way, another another, and nothing is dropped when scored") {
  const auto backend = open("reference");
  const auto network = transformer(*backend, "dropout 0.5");
  const auto without = transformer(*backend);
  Sequences<double> at(*network, 2, 4);
  const double first = loss_of(*network, at);
  CHECK(loss_of(*network, at) == first);
  at.draw = 1;
  CHECK(loss_of(*network, at) != first);
  at.draw = 0;
  CHECK(loss_of(*network, at) == first);
  CHECK(loss_of(*without, at) != first);
  CHECK(score_of(*network, at).loss_sum == score_of(*without, at).loss_sum);
}

TEST_CASE("two dropout layers of one pass drop differently") {
  const auto backend = open("reference");
  const ImageShape wide{.height = 1, .width = 1, .channels = 64};
  // Twice the same mask would leave what once leaves, times the factor again.
  const auto zeros_with = [&](const std::vector<std::string>& lines) {
    const auto layers = layers_of(lines);
    const auto network = Network::of_layers(wide, layers, *backend, 1, {});
    REQUIRE(network.ok());
    const std::vector<double> pixels(64, 1.0);
    const std::vector<std::int32_t> labels{0};
    std::vector<double> parameters((*network)->parameter_count(), 0.0);
    std::vector<double> gradient(parameters.size());
    static_cast<void>((*network)->loss_and_gradient(
        std::span<const double>(parameters),
        {.samples = std::span(pixels), .labels = std::span(labels), .size = 1},
        std::span<double>(gradient)));
    return std::ranges::count(std::span(gradient).first(64), 0.0);
  };
  const auto once = zeros_with({"dropout 0.5", "dense 2"});
  CHECK(once > 16);
  CHECK(once < 48);
  CHECK(zeros_with({"dropout 0.5", "dropout 0.5", "dense 2"}) > once + 4);
}

TEST_CASE("labels are smoothed in training and not when scored") {
  const auto backend = open("reference");
  const auto plain = transformer(*backend);
  const auto smoothed = transformer(*backend, "dropout 0", 0.3);
  const Sequences<double> at(*plain, 2, 6);
  CHECK(loss_of(*smoothed, at) != Approx(loss_of(*plain, at)));
  CHECK(score_of(*smoothed, at).loss_sum == score_of(*plain, at).loss_sum);
}

TEST_CASE("attention's parameters are named as in PyTorch's MultiheadAttention") {
  const auto backend = open("reference");
  const auto network = transformer(*backend);
  const std::vector<std::string> expected{"embedding1.weight",
                                          "positions1.weight",
                                          "block1.ln1.weight",
                                          "block1.ln1.bias",
                                          "block1.attn1.in_proj_weight",
                                          "block1.attn1.in_proj_bias",
                                          "block1.attn1.out_proj.weight",
                                          "block1.attn1.out_proj.bias",
                                          "block2.ln1.weight",
                                          "block2.ln1.bias",
                                          "block2.linear1.weight",
                                          "block2.linear1.bias",
                                          "block2.linear2.weight",
                                          "block2.linear2.bias",
                                          "ln1.weight",
                                          "ln1.bias",
                                          "linear1.weight"};
  std::vector<std::string> names;
  for (const models::ParameterTensor& tensor : network->tensors()) names.push_back(tensor.name);
  CHECK(names == expected);
  CHECK(network->tensors()[4].shape == std::vector<std::size_t>{18, 6});
}

TEST_CASE("a linear layer takes in the ReLU behind it, a normalisation of rows does not") {
  const auto backend = open("reference");
  const auto network = Network::of_layers(
      kSequence, layers_of({"linear 3", "relu", "layernorm", "relu"}), *backend, 1, {});
  REQUIRE(network.ok());
  CHECK_THAT((*network)->summary(), Catch::Contains("linear 3, relu"));
  CHECK_THAT((*network)->summary(), Catch::Contains("layernorm "));
}

TEST_CASE("layers of tokens that cannot be are refused, with the layer's number") {
  const ImageShape image{.height = 2, .width = 2, .channels = 6};
  CHECK(refusal(image, {"relu", "attention 4"}) ==
        "layer 2: attention: 6 channels do not divide into 4 heads");
  CHECK_THAT(refusal(image, {"attention 0"}), Catch::Contains("heads must be at least 1"));
  CHECK_THAT(refusal(image, {"attention"}), Catch::Contains("expected a whole number"));
  CHECK_THAT(refusal(image, {"attention 2 causl"}),
             Catch::Contains("nothing was expected at \"causl\""));
  CHECK_THAT(refusal(image, {"linear 0"}), Catch::Contains("outputs must be at least 1"));
  CHECK_THAT(refusal(image, {"linear x"}), Catch::Contains("got \"x\""));
  CHECK_THAT(refusal(image, {"dropout"}), Catch::Contains("expected a probability, got \"\""));
  for (const std::string bad : {"dropout 1", "dropout -0.1", "dropout 1.5", "dropout nan"})
    CHECK_THAT(refusal(image, {bad}),
               Catch::StartsWith("layer 1: dropout: expected a probability from 0 to below 1"));
  CHECK_THAT(refusal(image, {"embedding 3 4"}),
             Catch::Contains("samples of one token number a place, got 2x2x6"));
  CHECK_THAT(refusal(kSequence, {"relu", "embedding 3 4"}),
             Catch::StartsWith("layer 2: embedding: expected to be the first layer"));
  CHECK_THAT(refusal(kSequence, {"embedding 0 4"}), Catch::Contains("at least 1"));
  CHECK_THAT(refusal(kSequence, {"embedding 4"}), Catch::Contains("embedding: the width"));
  CHECK_THAT(refusal(image, {"gellu"}), Catch::Contains("unknown layer \"gellu\"; there are conv"));
}

TEST_CASE("labels and places of the output must be as many") {
  CHECK(refusal(kSequence, {"embedding 3 4"}, kTokens) == "");
  CHECK(refusal(kSequence, {"embedding 3 4"}, 4) == "4 labels a sample, but an output of 5x1x4");
  CHECK(refusal(kSequence, {"embedding 3 4", "dense 20"}, kTokens) ==
        "5 labels a sample, but an output of 1x1x20");
}

TEST_CASE("tokens want an embedding of as many, and an embedding wants tokens") {
  const auto backend = open("reference");
  const auto refused = [&](const std::string& kind, std::size_t vocabulary,
                           const std::vector<std::string>& layers = {}) {
    const auto network = Network::create({.kind = kind,
                                          .input = kSequence,
                                          .classes = kVocabulary,
                                          .layers = layers,
                                          .targets = {.count = kTokens},
                                          .vocabulary = vocabulary},
                                         *backend, 1);
    return network ? "" : network.error().message;
  };
  CHECK(refused("gpt-mini", kVocabulary) == "");
  CHECK(refused("gpt-mini", 0) == "gpt-mini: an embedding needs samples of tokens, got images");
  CHECK(refused("mlp", kVocabulary) == "mlp: samples of 7 kinds of tokens need an embedding first");
  CHECK(refused("layers", kVocabulary, {"embedding 6 4", "linear 7"}) ==
        "layers: an embedding of 6 tokens, the data have 7 kinds");
  CHECK(refused("layers", kVocabulary, {"embedding 8 4", "linear 7"}) == "");
  CHECK(refused("layers", kVocabulary, {"embedding 7 4", "linear 8"}) ==
        "layers: the last layer has 8 outputs, the data 7 classes");
}

TEST_CASE("gpt-mini and vit-tiny have the sizes and names that they say") {
  const auto backend = open("reference");
  const auto gpt = Network::create(models::usual_spec("gpt-mini"), *backend, 1);
  REQUIRE(gpt.ok());
  // Two tables, four blocks, a normalisation and a last layer of its own.
  const std::size_t block =
      2 * 256 + (128 + 1) * 384 + (128 + 1) * 128 + (128 + 1) * 512 + (512 + 1) * 128;
  CHECK((*gpt)->parameter_count() == (65 + 64) * 128 + 4 * block + 256 + 65 * 128);
  CHECK((*gpt)->tensors().front().name == "transformer.wte.weight");
  CHECK((*gpt)->tensors()[4].name == "transformer.h.0.attn.c_attn.weight");
  CHECK((*gpt)->tensors().back().name == "lm_head.weight");

  const auto vit = Network::create(models::usual_spec("vit-tiny"), *backend, 1);
  REQUIRE(vit.ok());
  CHECK((*vit)->parameter_count() == (48 + 1) * 128 + 64 * 128 + 6 * block + 256 + (128 + 1) * 10);
  CHECK((*vit)->tensors()[5].name ==
        "encoder.layers.encoder_layer_0.self_attention.in_proj_weight");
}

TEST_CASE("an untrained gpt-mini guesses: its loss is about the logarithm of the vocabulary") {
  const auto backend = open("cpu");
  auto gpt = Network::create({.kind = "gpt-mini",
                              .input = {.height = 8},
                              .classes = 40,
                              .targets = {.count = 8},
                              .vocabulary = 40},
                             *backend, 2);
  REQUIRE(gpt.ok());
  std::vector<float> parameters((*gpt)->parameter_count());
  (*gpt)->initialise(1, parameters);
  const std::vector<float> tokens{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 39};
  const std::vector<std::int32_t> labels{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0};
  const models::Score score =
      (*gpt)->score(std::span<const float>(parameters),
                    {.samples = std::span(tokens), .labels = std::span(labels), .size = 2});
  CHECK(score.loss_sum / 16 == Approx(std::log(40.0)).epsilon(0.05));
}
