#include "peers/policies/noise_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "gossip/sketch.h"

namespace peers {
namespace {

constexpr double kKept = 0.95;  // of the sums, from one measurement to the next
constexpr double kUnknown = 0.0;

double told(const NoiseSums& sums) {
  const double scale = sums.noise_scale();
  return std::isfinite(scale) ? scale : kUnknown;
}

void remember(NoiseSums& sums, const NoiseSums& now) {
  sums.scale(kKept);
  sums.add({.squared_norm = (1.0 - kKept) * now.squared_norm, .trace = (1.0 - kKept) * now.trace});
}

std::string layer_of(const std::string& tensor) { return tensor.substr(0, tensor.rfind('.')); }

}  // namespace

std::vector<LayerGroup> layer_groups(std::span<const models::ParameterTensor> tensors,
                                     std::size_t parameters, std::size_t groups_max) {
  std::vector<LayerGroup> layers;
  for (const models::ParameterTensor& tensor : tensors) {
    if (tensor.offset >= parameters) break;  // running statistics
    const std::string name = layer_of(tensor.name);
    if (layers.empty() || layers.back().name != name)
      layers.push_back({name, tensor.offset, tensor.count});
    else
      layers.back().count += tensor.count;
  }
  if (layers.empty()) return {{"all", 0, parameters}};
  if (layers.size() <= groups_max) return layers;
  std::vector<LayerGroup> groups;
  for (std::size_t group = 0; group < groups_max; ++group) {
    const LayerGroup& first = layers[group * layers.size() / groups_max];
    const LayerGroup& last = layers[(group + 1) * layers.size() / groups_max - 1];
    const std::size_t count = last.offset + last.count - first.offset;
    groups.push_back(
        {first.name == last.name ? first.name : fmt::format("{} to {}", first.name, last.name),
         first.offset, count});
  }
  return groups;
}

NoiseScale::NoiseScale(std::uint64_t every, std::vector<LayerGroup> groups,
                       kernels::Backend& backend)
    : every_(every),
      groups_(std::move(groups)),
      local_(groups_.size()),
      global_(groups_.size()),
      host_(backend) {}

std::size_t NoiseScale::width() const {
  return std::bit_floor(gossip::kNoteSketchMax / groups_.size());
}

void NoiseScale::add(const SplitGradient& gradient) {
  std::vector<NoiseSums> now;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    now.push_back(gradient.noise(groups_[i].offset, groups_[i].count));
    remember(local_[i], now.back());
  }
  measured_ = true;
  unheard_ = true;
  tell(gradient.samples(), gradient.mean(), now);
  make_report();
}

// numbers: samples, then |g|^2 and the trace of each group; the sketch: of each group's mean.
void NoiseScale::tell(std::size_t samples, kernels::ConstView mean,
                      std::span<const NoiseSums> now) {
  mean = host_.of(mean);
  gossip::Note note{.topic = gossip::Note::Topic::kNoise,
                    .numbers = {static_cast<double>(samples)}};
  bool finite = true;
  std::vector<double> sums(width());
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    note.numbers.insert(note.numbers.end(), {now[i].squared_norm, now[i].trace});
    finite = finite && std::isfinite(now[i].second_moment());
    std::ranges::fill(sums, 0.0);
    gossip::add_to_sketch({.width = width(), .seed = gossip::kNoteSketchSeed}, groups_[i].offset,
                          1.0, mean.slice(groups_[i].offset, groups_[i].count), sums);
    note.sketch.insert(note.sketch.end(), sums.begin(), sums.end());
  }
  if (finite) note_ = std::move(note);
}

std::optional<gossip::Note> NoiseScale::note() { return std::exchange(note_, std::nullopt); }

void NoiseScale::hear(std::span<const gossip::SharedNote> notes) {
  if (!std::exchange(unheard_, false)) return;
  std::vector<const gossip::Note*> said;
  for (const gossip::SharedNote& note : notes)
    if (note->numbers.size() == 1 + 2 * groups_.size() &&
        note->sketch.size() == width() * groups_.size() && note->numbers[0] >= 1.0)
      said.push_back(note.get());
  if (said.size() < 2) {  // alone, there is nobody to compare with
    heard_ = false;
    return make_report();
  }
  const auto peers = static_cast<double>(said.size());
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    std::vector<double> mean(width(), 0.0);
    double second = 0.0;  // mean |h|^2
    double noise = 0.0;   // what the batches' noise adds to the squared norm of the mean of means
    for (const gossip::Note* note : said) {
      const NoiseSums sums{note->numbers[1 + 2 * i], note->numbers[2 + 2 * i]};
      second += sums.second_moment() / peers;
      noise += sums.trace / (note->numbers[0] * peers * peers);
      for (std::size_t k = 0; k < mean.size(); ++k)
        mean[k] += static_cast<double>(note->sketch[i * width() + k]) / peers;
    }
    double squared = 0.0;
    for (const double sum : mean) squared += sum * sum;
    squared -= noise;
    remember(global_[i], {.squared_norm = squared, .trace = second - squared});
  }
  heard_ = true;
  make_report();
}

void NoiseScale::make_report() {
  report_.clear();
  NoiseSums local;
  NoiseSums global;
  for (const NoiseSums& sums : local_) local.add(sums);
  for (const NoiseSums& sums : global_) global.add(sums);
  report_.push_back({"all", told(local), heard_ ? told(global) : kUnknown});
  for (std::size_t i = 0; i < groups_.size(); ++i)
    report_.push_back({groups_[i].name, told(local_[i]), heard_ ? told(global_[i]) : kUnknown});
}

void NoiseScale::visit_state(StateVisitor& visitor) {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    visitor.number(fmt::format("norm.{}", i), local_[i].squared_norm);
    visitor.number(fmt::format("trace.{}", i), local_[i].trace);
    visitor.number(fmt::format("global_norm.{}", i), global_[i].squared_norm);
    visitor.number(fmt::format("global_trace.{}", i), global_[i].trace);
  }
  visitor.flag("measured", measured_);
  visitor.flag("heard", heard_);
  if (measured_) make_report();
}

}  // namespace peers
