#include "models/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernels/dropout.h"
#include "models/layers/parse.h"
#include "models/zoo/zoo.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace models {
namespace {

constexpr std::uint64_t kInitialisation = 0x696e6974;  // "init": this use's streams of the seed
constexpr std::uint64_t kDrawing = 0x64726177;         // "draw"

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0;
  for (const char letter : text)
    hash = runtime::mix_bits(hash + static_cast<unsigned char>(letter) + 1);
  return hash;
}

std::string describe(const ImageShape& shape) {
  return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

// "layer1.0.conv1: conv 16 3x3 pad 1"
std::string label(const Node& node) {
  return node.name.empty() ? node.layer->description()
                           : fmt::format("{}: {}", node.name, node.layer->description());
}

// What a layer does is seen from here to the end of the scope.
class Watched {
 public:
  Watched(PassWatch* watch, kernels::Backend& backend, std::string_view pass, const Node& node)
      : watch_(watch), backend_(backend) {
    if (watch_ != nullptr) watch_->begin(pass, label(node));
  }
  ~Watched() {
    if (watch_ == nullptr) return;
    backend_.synchronize();
    watch_->end();
  }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

 private:
  PassWatch* watch_;
  kernels::Backend& backend_;
};

// Tokens need a table with a row for each, and a table needs tokens.
runtime::Status check_vocabulary(const NetworkSpec& spec, const LayerSpec& first) {
  const auto* embedding = std::get_if<EmbeddingSpec>(&first);
  if (embedding == nullptr && spec.vocabulary == 0) return {};
  if (embedding == nullptr)
    return runtime::Error{fmt::format("{}: samples of {} kinds of tokens need an embedding first",
                                      spec.kind, spec.vocabulary)};
  if (spec.vocabulary == 0)
    return runtime::Error{
        fmt::format("{}: an embedding needs samples of tokens, got images", spec.kind)};
  if (embedding->vocabulary < spec.vocabulary)
    return runtime::Error{fmt::format("{}: an embedding of {} tokens, the data have {} kinds",
                                      spec.kind, embedding->vocabulary, spec.vocabulary)};
  return {};
}

// Losses, then verdicts, of `size` labels. Summed in f64 and in their order, on every backend.
template <typename T>
Score sum_up(kernels::Backend& backend, kernels::ConstView outcome, std::size_t size) {
  std::vector<T> downloaded;
  std::span<const T> host;
  if (backend.is_host()) {
    host = outcome.as<T>().first(2 * size);
  } else {
    downloaded.resize(2 * size);
    backend.download(outcome.slice(0, 2 * size), std::span<T>(downloaded));
    host = downloaded;
  }
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
  const auto layers =
      spec.kind == "layers" ? parse_layers(spec.layers) : zoo_layers(spec.kind, spec.classes);
  if (!layers) return layers.error();
  if (!layers->empty()) {
    if (const auto fits = check_vocabulary(spec, layers->front()); !fits) return fits.error();
  }
  auto network = of_layers(spec.input, *layers, backend, batch_max, spec.targets);
  if (!network)
    return runtime::Error{fmt::format("{} on samples of {}: {}", spec.kind, describe(spec.input),
                                      network.error().message)};
  if ((*network)->classes() != spec.classes)
    return runtime::Error{fmt::format("{}: the last layer has {} outputs, the data {} classes",
                                      spec.kind, (*network)->classes(), spec.classes)};
  return network;
}

runtime::Result<std::unique_ptr<Network>> Network::of_layers(const ImageShape& input,
                                                             std::span<const LayerSpec> layers,
                                                             kernels::Backend& backend,
                                                             std::size_t batch_max,
                                                             const Targets& targets) {
  auto built = build_layers(input, layers);
  if (!built) return built.error();
  const ImageShape& output = built->back().layer->output();
  CHECK(targets.count > 0);
  if (targets.count > 1 && output.height * output.width != targets.count)
    return runtime::Error{
        fmt::format("{} labels a sample, but an output of {}", targets.count, describe(output))};
  return {std::unique_ptr<Network>(
      new Network(input, std::move(built).value(), backend, batch_max, targets))};
}

Network::Network(const ImageShape& input, std::vector<Node> nodes, kernels::Backend& backend,
                 std::size_t batch_max, const Targets& targets)
    : input_(input),
      backend_(backend),
      batch_max_(batch_max),
      targets_(targets),
      gradients_(plan_gradients(nodes, backend.takes_rounded())),
      activations_({}, 0.0, false) {
  CHECK(batch_max > 0);
  for (Node& node : nodes) {
    const Slice learned = add_tensors(node.layer->tensors(), node.name, learned_count_);
    learned_count_ += learned.count;
    const std::size_t out_count = node.layer->output().count();
    stages_.push_back({.node = std::move(node),
                       .learned = learned,
                       .statistics = {},
                       .out_count = out_count,
                       .saved = {}});
  }
  for (Stage& stage : stages_) {
    stage.statistics =
        add_tensors(stage.node.layer->statistics(), stage.node.name, parameter_count());
    statistic_count_ += stage.statistics.count;
  }
  for (Stage& stage : stages_) {
    if (!stage.node.layer->draws()) continue;
    stage.draw = draws_of_pass_.size();
    draws_of_pass_.resize(stage.draw + kernels::kDropoutKeyNumbers);
  }
  draws_ = backend_.allocate(draws_of_pass_.size(), kernels::Scalar::kI32);
  activations_ = Activations(planned_nodes(), 0.0, backend_.takes_rounded());
}

std::vector<PlannedNode> Network::planned_nodes() const {
  std::vector<PlannedNode> nodes;
  for (const Stage& stage : stages_)
    nodes.push_back({.in = stage.node.in,
                     .shortcut = stage.node.shortcut,
                     .reads = stage.node.layer->backward_reads(),
                     .roundable = stage.node.layer->roundable(),
                     .out_count = stage.out_count});
  return nodes;
}

runtime::Status Network::drop_activations(double share) {
  if (share > 0.0 && !backend_.is_host())
    return runtime::Error{fmt::format(
        "activations are dropped in the host's memory only: expected cpu or reference, got {}",
        backend_.name())};
  activations_ = Activations(planned_nodes(), share, backend_.takes_rounded());
  planned_batch_ = 0;
  return {};
}

std::size_t Network::activation_bytes() const {
  std::size_t bytes = activations_.bytes() + outcome_.view().bytes();
  for (const kernels::Buffer& slot : slots_) bytes += slot.view().bytes();
  for (const Stage& stage : stages_) bytes += stage.saved.view().bytes();
  return bytes;
}

std::size_t Network::planned_activation_bytes(std::size_t batch) const {
  std::size_t numbers = 2 * batch * targets_.count;  // outcome_
  for (const std::size_t count : gradients_.slots) numbers += batch * count;
  for (const Stage& stage : stages_) numbers += stage.node.layer->saved_count();
  return activations_.planned_bytes(kernels::Scalar::kF32, batch) +
         numbers * kernels::bytes_of(kernels::Scalar::kF32);
}

Network::Slice Network::add_tensors(const std::vector<ParameterTensor>& tensors,
                                    const std::string& name, std::size_t start) {
  Slice slice{start, 0};
  for (ParameterTensor tensor : tensors) {
    CHECK(tensor.offset == slice.count);
    tensor.name = fmt::format("{}.{}", name, tensor.name);
    tensor.offset += start;
    slice.count += tensor.count;
    tensors_.push_back(std::move(tensor));
  }
  return slice;
}

std::size_t Network::classes() const { return stages_.back().out_count / targets_.count; }

std::size_t Network::activation_count() const {
  std::size_t count = input_.count();
  for (const Stage& stage : stages_) count += stage.out_count;
  return count;
}

std::size_t Network::step_multiplications() const {
  std::size_t count = 0;
  for (const Stage& stage : stages_)
    count += (stage.node.in == Node::kNetworkInput ? 2 : 3) * stage.node.layer->multiplications();
  return count;
}

std::uint64_t Network::architecture_hash() const {
  std::string text = describe(input_) + "\n" + summary();
  for (const Stage& stage : stages_)
    text += fmt::format("{} {}\n", stage.node.in, stage.node.shortcut);
  return hash_of(text);
}

std::string Network::summary() const {
  std::string text;
  for (const Stage& stage : stages_)
    text += fmt::format("{:<52} {:>12} {:>10}\n", label(stage.node),
                        describe(stage.node.layer->output()), stage.learned.count);
  return text + fmt::format("{:<52} {:>12} {:>10}\n", "total", "", learned_count_);
}

void Network::initialise(std::uint64_t seed, std::span<float> parameters) const {
  CHECK(parameters.size() == parameter_count());
  for (const Stage& stage : stages_) {
    runtime::Random random(runtime::mix_bits(seed ^ kInitialisation), stage.node.stream);
    stage.node.layer->initialise(random,
                                 parameters.subspan(stage.learned.offset, stage.learned.count));
    stage.node.layer->initialise_statistics(
        parameters.subspan(stage.statistics.offset, stage.statistics.count));
  }
}

void Network::plan(kernels::Scalar scalar, std::size_t batch) {
  if (scalar == scalar_ && batch <= planned_batch_) return;
  CHECK(kernels::is_real(scalar));
  activations_.allocate(backend_, scalar, batch);
  for (Stage& stage : stages_)
    stage.saved = backend_.allocate(stage.node.layer->saved_count(), scalar);
  slots_.clear();
  for (const std::size_t count : gradients_.slots)
    slots_.push_back(backend_.allocate(batch * count, scalar));
  outcome_ = backend_.allocate(2 * batch * targets_.count, scalar);
  scalar_ = scalar;
  planned_batch_ = batch;
  passes_.clear();
}

std::size_t Network::count_of(std::size_t place) const {
  if (place == Node::kNone) return 0;
  return place == Node::kNetworkInput ? input_.count() : stages_[place].out_count;
}

kernels::ConstView Network::output_of(std::size_t place, const Batch& batch) {
  if (place == Node::kNone) return {};
  if (place == Node::kNetworkInput) return batch.samples;
  return activations_.output(place, batch.size);
}

// As bf16 where it is there so and the node reads it so.
kernels::ConstView Network::rounded_input(const Node& node, const Batch& batch) {
  if (node.in >= Node::kNetworkInput || !node.layer->roundable().in) return {};
  return activations_.rounded(node.in, batch.size);
}

kernels::ConstView Network::input_of(const Node& node, const Batch& batch) {
  const kernels::ConstView rounded = rounded_input(node, batch);
  return rounded.empty() ? output_of(node.in, batch) : rounded;
}

// The gradient of a node's output, in its slot; the slot has room for more than bf16.
kernels::View Network::gradient_of(std::size_t place, std::size_t number, const Batch& batch) {
  const kernels::View view = slot(number, batch.size * count_of(place));
  if (view.empty() || !activations_.has_rounded_gradient(place)) return view;
  return {view.data(), view.count(), kernels::Scalar::kBf16};
}

void Network::prepare(kernels::ConstView parameters, const Batch& batch) {
  CHECK(parameters.count() == parameter_count());
  CHECK(batch.size > 0 && batch.size <= batch_max_);
  CHECK(batch.samples.count() == batch.size * input_.count());
  CHECK(batch.samples.scalar() == parameters.scalar());
  CHECK(batch.labels.count() == batch.size * targets_.count);
  plan(parameters.scalar(), batch.size);
  last_batch_ = batch.size;
}

// What layers draw with in this pass goes where they read it, so that a recorded pass does, too.
void Network::draw(const Batch& batch) {
  if (draws_of_pass_.empty()) return;
  auto to = draws_of_pass_.begin();
  for (const Stage& stage : stages_) {
    if (!stage.node.layer->draws()) continue;
    const std::uint64_t of_pass = runtime::mix_bits(batch.draw ^ kDrawing);
    to = std::ranges::copy(kernels::dropout_key(runtime::mix_bits(of_pass + stage.node.stream)), to)
             .out;
  }
  backend_.upload(std::span<const std::int32_t>(draws_of_pass_), draws_.view());
}

kernels::ConstView Network::draw_of(const Stage& stage) {
  if (!stage.node.layer->draws()) return {};
  return draws_.view().slice(stage.draw, kernels::kDropoutKeyNumbers);
}

// Not what is watched layer by layer. On a host it saves nothing.
bool Network::may_record() const { return !backend_.is_host() && watch_ == nullptr; }

void Network::forward(kernels::ConstView parameters, const Batch& batch, bool training) {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    Stage& stage = stages_[i];
    const Watched watched(watch_, backend_, "forward", stage.node);
    stage.node.layer->forward(
        backend_, {.batch = batch.size,
                   .training = training,
                   .draw = draw_of(stage),
                   .parameters = parameters.slice(stage.learned.offset, stage.learned.count),
                   .statistics = parameters.slice(stage.statistics.offset, stage.statistics.count),
                   .in = input_of(stage.node, batch),
                   .shortcut = output_of(stage.node.shortcut, batch),
                   .out = activations_.output(i, batch.size),
                   .out_rounded = activations_.rounded(i, batch.size),
                   .saved = stage.saved.view()});
    if (!training) continue;
    if (activations_.wants_winners(i)) find_winners(i, batch);
    activations_.keep_inputs(i, batch.size);
  }
}

// A gradient of ones goes where the windows have their largest. No gradient is under way yet, so
// their memory is free.
void Network::find_winners(std::size_t number, const Batch& batch) {
  const Stage& stage = stages_[number];
  const GradientPlan::Step& step = gradients_.steps[number];
  const kernels::View ones = slot(step.d_out, batch.size * stage.out_count);
  const kernels::View winners = slot(step.in.slot, batch.size * count_of(stage.node.in));
  backend_.fill(1.0, ones);
  BackwardViews views;
  views.batch = batch.size;
  views.in = output_of(stage.node.in, batch);
  views.out = output_of(number, batch);
  views.d_out = ones;
  views.d_in = winners;
  stage.node.layer->backward(backend_, views);
  activations_.keep_winners(number, winners);
}

void Network::compare(const Batch& batch, kernels::View d_logits) {
  const std::size_t labels = batch.labels.count();
  const double smoothing = d_logits.empty() ? 0.0 : targets_.label_smoothing;
  backend_.softmax_cross_entropy({.batch = labels, .classes = classes(), .smoothing = smoothing},
                                 output_of(stages_.size() - 1, batch), batch.labels,
                                 {.d_logits = d_logits,
                                  .loss = outcome_.view().slice(0, labels),
                                  .correct = outcome_.view().slice(labels, labels)});
}

Score Network::read_score(std::size_t labels) {
  if (scalar_ == kernels::Scalar::kF64) return sum_up<double>(backend_, outcome_.view(), labels);
  return sum_up<float>(backend_, outcome_.view(), labels);
}

kernels::View Network::slot(std::size_t number, std::size_t count) {
  if (number == GradientFlow::kNowhere) return {};
  return slots_[number].view().slice(0, count);
}

kernels::ConstView Network::input_again(std::size_t number, const Batch& batch) {
  const Node& node = stages_[number].node;
  if (node.in == Node::kNetworkInput) return batch.samples;
  const kernels::ConstView rounded = rounded_input(node, batch);
  return rounded.empty() ? activations_.input_again(number, batch.size) : rounded;
}

kernels::ConstView Network::output_again(std::size_t number, const Batch& batch) {
  const kernels::ConstView rounded = activations_.rounded(number, batch.size);
  return rounded.empty() ? activations_.output_again(backend_, number, batch.size) : rounded;
}

void Network::step_back(std::size_t number, kernels::ConstView parameters, const Batch& batch,
                        kernels::View gradient) {
  const Stage& stage = stages_[number];
  const GradientPlan::Step& step = gradients_.steps[number];
  const Watched watched(watch_, backend_, "backward", stage.node);
  const kernels::View d_in = gradient_of(stage.node.in, step.in.slot, batch);
  const kernels::View d_shortcut =
      slot(step.shortcut.slot, batch.size * count_of(stage.node.shortcut));
  stage.node.layer->backward(
      backend_, {.batch = batch.size,
                 .draw = draw_of(stage),
                 .parameters = parameters.slice(stage.learned.offset, stage.learned.count),
                 .in = input_again(number, batch),
                 .out = output_again(number, batch),
                 .saved = stage.saved.view(),
                 .d_out = gradient_of(number, step.d_out, batch),
                 .d_out_more = slot(step.d_out_more, batch.size * stage.out_count),
                 .d_in = d_in,
                 .d_shortcut = d_shortcut,
                 .d_parameters = gradient.slice(stage.learned.offset, stage.learned.count)});
  if (step.in.added != GradientFlow::kNowhere)
    backend_.axpy(1.0, d_in, slot(step.in.added, d_in.count()));
  if (step.shortcut.added != GradientFlow::kNowhere)
    backend_.axpy(1.0, d_shortcut, slot(step.shortcut.added, d_shortcut.count()));
}

void Network::backward(kernels::ConstView parameters, const Batch& batch, kernels::View gradient) {
  for (std::size_t i = stages_.size(); i-- > 0;) step_back(i, parameters, batch, gradient);
  if (statistic_count_ > 0) backend_.fill(0.0, gradient.slice(learned_count_, statistic_count_));
}

double Network::loss_and_gradient(kernels::ConstView parameters, const Batch& batch,
                                  kernels::View gradient) {
  CHECK(gradient.count() == parameter_count() && gradient.scalar() == parameters.scalar());
  prepare(parameters, batch);
  draw(batch);
  const auto pass = [&] {
    forward(parameters, batch, true);
    compare(batch, slot(gradients_.steps.back().d_out, batch.size * stages_.back().out_count));
    backward(parameters, batch, gradient);
  };
  if (may_record())
    passes_.run(backend_,
                {.parameters = parameters.data(),
                 .rounded = parameters.rounded().data(),
                 .samples = batch.samples.data(),
                 .labels = batch.labels.data(),
                 .gradient = gradient.data(),
                 .batch = batch.size},
                pass);
  else
    pass();
  // Read last: a device still has the backward pass to work on while the host waits.
  const Score score = read_score(batch.labels.count());
  return score.loss_sum / static_cast<double>(score.count);
}

void Network::move_statistics(kernels::ConstView parameters, kernels::View delta) {
  CHECK(delta.count() == parameter_count() && delta.scalar() == parameters.scalar());
  for (const Stage& stage : stages_) {
    const auto [offset, count] = stage.statistics;
    if (count == 0) continue;
    stage.node.layer->move_statistics(backend_, last_batch_, stage.saved.view(),
                                      parameters.slice(offset, count), delta.slice(offset, count));
  }
}

kernels::ConstView Network::outputs(kernels::ConstView parameters, const Batch& batch) {
  prepare(parameters, batch);
  forward(parameters, batch, false);
  return output_of(stages_.size() - 1, batch);
}

Score Network::score(kernels::ConstView parameters, const Batch& batch) {
  prepare(parameters, batch);
  forward(parameters, batch, false);
  compare(batch, {});
  return read_score(batch.labels.count());
}

}  // namespace models
