#include "models/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "models/zoo/zoo.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace models {
namespace {

constexpr std::uint64_t kInitialisation = 0x696e6974;  // "init": this use's streams of the seed

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0;
  for (const char letter : text)
    hash = runtime::mix_bits(hash + static_cast<unsigned char>(letter) + 1);
  return hash;
}

std::string describe(const ImageShape& shape) {
  return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

// Losses, then verdicts, of `size` samples. Summed in f64 and in their order, on every backend.
template <typename T>
Score sum_up(kernels::Backend& backend, kernels::ConstView outcome, std::size_t size) {
  std::vector<T> host(2 * size);
  backend.download(outcome.slice(0, 2 * size), std::span<T>(host));
  Score score{.loss_sum = 0.0, .correct = 0, .count = size};
  for (std::size_t i = 0; i < size; ++i) {
    score.loss_sum += static_cast<double>(host[i]);
    if (host[size + i] > T{0}) ++score.correct;
  }
  return score;
}

}  // namespace

runtime::Result<std::unique_ptr<Network>> Network::create(const NetworkSpec& spec,
                                                          kernels::Backend& backend,
                                                          std::size_t batch_max) {
  if (spec.classes == 0) return runtime::Error{fmt::format("{} with no classes", spec.kind)};
  const auto layers = zoo_layers(spec.kind, spec.classes);
  if (!layers) return layers.error();
  auto network = of_layers(spec.input, *layers, backend, batch_max);
  if (!network)
    return runtime::Error{fmt::format("{} on samples of {}: {}", spec.kind, describe(spec.input),
                                      network.error().message)};
  return network;
}

runtime::Result<std::unique_ptr<Network>> Network::of_layers(const ImageShape& input,
                                                             std::span<const LayerSpec> layers,
                                                             kernels::Backend& backend,
                                                             std::size_t batch_max) {
  auto built = build_layers(input, layers);
  if (!built) return built.error();
  return {
      std::unique_ptr<Network>(new Network(input, std::move(built).value(), backend, batch_max))};
}

Network::Network(const ImageShape& input, std::vector<std::unique_ptr<Layer>> layers,
                 kernels::Backend& backend, std::size_t batch_max)
    : input_(input), backend_(backend), batch_max_(batch_max) {
  CHECK(batch_max > 0);
  std::map<std::string_view, std::size_t> numbers;
  for (auto& layer : layers) {
    const std::size_t offset = parameter_count_;
    add_tensors(*layer, ++numbers[layer->stem()]);
    const std::size_t out_count = layer->output().count();
    stages_.push_back({.layer = std::move(layer),
                       .parameter_offset = offset,
                       .parameter_count = parameter_count_ - offset,
                       .out_count = out_count,
                       .out = {}});
  }
}

void Network::add_tensors(const Layer& layer, std::size_t number) {
  const std::size_t start = parameter_count_;
  for (ParameterTensor tensor : layer.tensors()) {
    tensor.name = fmt::format("{}{}.{}", layer.stem(), number, tensor.name);
    tensor.offset += start;
    CHECK(tensor.offset == parameter_count_);
    parameter_count_ += tensor.count;
    tensors_.push_back(std::move(tensor));
  }
}

std::size_t Network::classes() const { return stages_.back().out_count; }

std::uint64_t Network::architecture_hash() const {
  return hash_of(describe(input_) + "\n" + summary());
}

std::string Network::summary() const {
  std::string text;
  for (const Stage& stage : stages_)
    text += fmt::format("{:<24} {:>12} {:>10}\n", stage.layer->description(),
                        describe(stage.layer->output()), stage.parameter_count);
  return text + fmt::format("{:<24} {:>12} {:>10}\n", "total", "", parameter_count_);
}

void Network::initialise(std::uint64_t seed, std::span<float> parameters) const {
  CHECK(parameters.size() == parameter_count_);
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    if (stage.parameter_count == 0) continue;
    const double bound = 1.0 / std::sqrt(static_cast<double>(stage.layer->fan_in()));
    runtime::Random random(runtime::mix_bits(seed ^ kInitialisation), i);
    for (float& value : parameters.subspan(stage.parameter_offset, stage.parameter_count))
      value = static_cast<float>(random.uniform(-bound, bound));
  }
}

void Network::plan(kernels::Scalar scalar) {
  if (scalar == scalar_) return;
  CHECK(scalar != kernels::Scalar::kI32);
  // No gradient of the network's input is ever asked for, so the widest output bounds them all.
  std::size_t widest = 0;
  for (Stage& stage : stages_) {
    stage.out = backend_.allocate(batch_max_ * stage.out_count, scalar);
    widest = std::max(widest, stage.out_count);
  }
  d_out_ = backend_.allocate(batch_max_ * widest, scalar);
  d_in_ = backend_.allocate(batch_max_ * widest, scalar);
  outcome_ = backend_.allocate(2 * batch_max_, scalar);
  scalar_ = scalar;
}

void Network::forward(kernels::ConstView parameters, const Batch& batch) {
  CHECK(parameters.count() == parameter_count_);
  CHECK(batch.size > 0 && batch.size <= batch_max_);
  CHECK(batch.samples.count() == batch.size * input_.count());
  CHECK(batch.samples.scalar() == parameters.scalar());
  CHECK(batch.labels.count() == batch.size);
  plan(parameters.scalar());
  kernels::ConstView in = batch.samples;
  for (Stage& stage : stages_) {
    const kernels::View out = stage.out.view().slice(0, batch.size * stage.out_count);
    stage.layer->forward(
        backend_, {.batch = batch.size,
                   .parameters = parameters.slice(stage.parameter_offset, stage.parameter_count),
                   .in = in,
                   .out = out});
    in = out;
  }
}

void Network::compare(const Batch& batch, kernels::View d_logits) {
  const kernels::View outcome = outcome_.view().slice(0, 2 * batch.size);
  backend_.softmax_cross_entropy({.batch = batch.size, .classes = classes()},
                                 stages_.back().out.view().slice(0, batch.size * classes()),
                                 batch.labels,
                                 {.d_logits = d_logits,
                                  .loss = outcome.slice(0, batch.size),
                                  .correct = outcome.slice(batch.size, batch.size)});
}

Score Network::read_score(std::size_t size) {
  if (scalar_ == kernels::Scalar::kF64) return sum_up<double>(backend_, outcome_.view(), size);
  return sum_up<float>(backend_, outcome_.view(), size);
}

void Network::backward(kernels::ConstView parameters, const Batch& batch, kernels::View gradient) {
  for (std::size_t i = stages_.size(); i-- > 0;) {
    Stage& stage = stages_[i];
    const bool first = i == 0;
    const std::size_t in_count = first ? 0 : stages_[i - 1].out_count;
    stage.layer->backward(
        backend_,
        {.batch = batch.size,
         .parameters = parameters.slice(stage.parameter_offset, stage.parameter_count),
         .in = first ? batch.samples : stages_[i - 1].out.view().slice(0, batch.size * in_count),
         .out = stage.out.view().slice(0, batch.size * stage.out_count),
         .d_out = d_out_.view().slice(0, batch.size * stage.out_count),
         .d_in = d_in_.view().slice(0, batch.size * in_count),
         .d_parameters = gradient.slice(stage.parameter_offset, stage.parameter_count)});
    std::swap(d_out_, d_in_);
  }
}

double Network::loss_and_gradient(kernels::ConstView parameters, const Batch& batch,
                                  kernels::View gradient) {
  CHECK(gradient.count() == parameter_count_ && gradient.scalar() == parameters.scalar());
  forward(parameters, batch);
  compare(batch, d_out_.view().slice(0, batch.size * classes()));
  backward(parameters, batch, gradient);
  // Read last: a device still has the backward pass to work on while the host waits.
  return read_score(batch.size).loss_sum / static_cast<double>(batch.size);
}

Score Network::score(kernels::ConstView parameters, const Batch& batch) {
  forward(parameters, batch);
  compare(batch, {});
  return read_score(batch.size);
}

}  // namespace models
