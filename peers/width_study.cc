#include "peers/width_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "peers/assembly.h"
#include "peers/policies/split_gradient.h"
#include "peers/width_trial.h"
#include "runtime/check.h"

namespace peers {
namespace {

using runtime::Error;
using runtime::Result;
using runtime::StopSignal;

constexpr double kSlowerMax = 1.25;  // passes over the data, beside the smallest batch
// B_S is measured on batches of its own, large ones: two halves of eight samples say little.
constexpr std::size_t kProbeBatch = 128;
constexpr std::size_t kProbesAtStart = 64;

std::size_t largest_batch(const WidthRow& row, const std::vector<std::size_t>& batches) {
  std::size_t largest = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (!row.epochs[i] || *row.epochs[i] > kSlowerMax * *row.epochs.front()) break;
    largest = batches[i];
  }
  return largest;
}

// What all runs of a study share.
class Study {
 public:
  Study(const Config& config, const WidthStudyOptions& options, const Surroundings& surroundings,
        const StopSignal& stop)
      : config_(config), options_(options), surroundings_(surroundings), stop_(stop) {}

  Result<std::size_t> inputs() const;  // of the first dense layer
  Result<WidthRow> row(std::size_t depth, std::size_t inputs,
                       const std::function<void()>& done) const;

 private:
  struct Noise {
    NoiseSums at_start;
    NoiseSums on_way;
  };
  Result<std::optional<double>> run(const std::vector<std::string>& layers, WidthTrial& learner,
                                    std::size_t batch, std::size_t seed, Noise& noise) const;
  Result<std::unique_ptr<WidthTrial>> trial(const std::vector<std::string>& layers,
                                            std::size_t batch, std::size_t seed) const {
    Config config = config_;
    config.model.kind = "layers";
    config.model.layers = layers;
    config.train.batch = batch;
    config.train.noise_every = 0;
    config.seed += seed;
    return WidthTrial::create(config, surroundings_);
  }
  [[nodiscard]] std::size_t classes() const { return surroundings_.data.train->classes(); }

  const Config& config_;
  const WidthStudyOptions& options_;
  const Surroundings& surroundings_;
  const StopSignal& stop_;
};

// One more output of a first dense layer is as many weights, a bias, and the next layer's weights.
Result<std::size_t> Study::inputs() const {
  std::array<std::size_t, 2> count{};
  for (std::size_t k = 0; k < count.size(); ++k) {
    auto layers = layers_of(options_.before, 1, 1, k + 1);
    layers.push_back(fmt::format("dense {}", classes()));
    auto built = trial(layers, options_.batches.front(), 0);
    if (!built) return Error{fmt::format("width-study: {}", built.error().message)};
    count[k] = (*built)->parameters();
  }
  return count[1] - count[0] - 1 - classes();
}

// Passes to the target. With the smallest batch noise is measured, too.
Result<std::optional<double>> Study::run(const std::vector<std::string>& layers,
                                         WidthTrial& learner, std::size_t batch, std::size_t seed,
                                         Noise& noise) const {
  const std::size_t smallest = options_.batches.front();
  std::unique_ptr<WidthTrial> probe;
  if (batch == smallest) {
    auto made = trial(layers, kProbeBatch, seed);
    if (!made) return made.error();
    probe = std::move(made).value();
    noise.at_start.add(probe->noise_at(learner.estimate(), kProbesAtStart));
  }
  const WidthGoal goal{.rate = config_.policy.learning_rate * static_cast<double>(batch) /
                               static_cast<double>(smallest),
                       .target = options_.target,
                       .epochs_max = options_.epochs_max};
  const WidthWay found = learner.train(goal, probe.get(), stop_);
  noise.on_way.add(found.noise);
  return found.epochs;
}

Result<WidthRow> Study::row(std::size_t depth, std::size_t inputs,
                            const std::function<void()>& done) const {
  WidthRow row{.depth = depth, .width = width_of(options_.parameters, depth, inputs, classes())};
  if (row.width == 0)
    return Error{
        fmt::format("width-study: {} parameters are too few for {} dense layers on {} "
                    "inputs",
                    options_.parameters, depth, inputs)};
  const auto layers = layers_of(options_.before, depth, row.width, classes());
  Noise noise;
  for (const std::size_t batch : options_.batches) {
    std::optional<double> epochs = 0.0;
    for (std::size_t seed = 0; seed < options_.seeds; ++seed) {
      auto learner = trial(layers, batch, seed);
      if (!learner) return learner.error();
      row.parameters = (*learner)->parameters();
      const auto found = run(layers, **learner, batch, seed, noise);
      if (!found) return found.error();
      epochs = epochs && *found ? std::optional(*epochs + **found) : std::nullopt;
      done();
    }
    if (epochs) *epochs /= static_cast<double>(options_.seeds);
    row.epochs.push_back(epochs);
  }
  row.noise_at_start = noise.at_start.noise_scale();
  row.noise_on_way = noise.on_way.noise_scale();
  row.batch_max = largest_batch(row, options_.batches);
  return row;
}

}  // namespace

std::vector<std::string> layers_of(const std::vector<std::string>& before, std::size_t depth,
                                   std::size_t width, std::size_t classes) {
  std::vector<std::string> layers = before;
  for (std::size_t i = 0; i + 1 < depth; ++i) {
    layers.push_back(fmt::format("dense {}", width));
    layers.emplace_back("relu");
  }
  layers.push_back(fmt::format("dense {}", classes));
  return layers;
}

std::size_t width_of(std::size_t parameters, std::size_t depth, std::size_t inputs,
                     std::size_t classes) {
  CHECK(depth >= 2);
  const auto count = [&](std::size_t width) {
    return (inputs + 1) * width + (depth - 2) * (width + 1) * width + (width + 1) * classes;
  };
  if (count(1) > parameters) return 0;
  std::size_t width = 1;
  while (count(width + 1) <= parameters) ++width;
  return count(width + 1) - parameters < parameters - count(width) ? width + 1 : width;
}

Result<std::vector<WidthRow>> width_study(
    const Config& config, const WidthStudyOptions& options, const StopSignal& stop,
    const std::function<void(std::size_t, std::size_t)>& progress) {
  CHECK(!options.depths.empty() && !options.batches.empty() && options.seeds > 0);
  if (config.objective.kind != "network")
    return Error{"width-study: a laboratory run (objective.kind) has no network"};
  if (std::ranges::adjacent_find(options.batches, std::greater_equal{}) != options.batches.end())
    return Error{"width-study: --batches are to ascend"};
  Config whole = config;
  whole.train.batch = std::max(options.batches.back(), kProbeBatch);
  const auto surroundings = open_surroundings(whole, {.parts = 1, .peers_here = 1});
  if (!surroundings) return surroundings.error();
  const Study study(config, options, *surroundings, stop);
  const auto inputs = study.inputs();
  if (!inputs) return inputs.error();
  const std::size_t runs = options.depths.size() * options.batches.size() * options.seeds;
  std::size_t done = 0;
  std::vector<WidthRow> rows;
  for (const std::size_t depth : options.depths) {
    auto row = study.row(depth, *inputs, [&] { progress(++done, runs); });
    if (!row) return row.error();
    if (stop.requested()) return std::vector<WidthRow>{};
    rows.push_back(std::move(row).value());
  }
  return rows;
}

}  // namespace peers
