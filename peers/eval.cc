#include "peers/eval.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "kernels/open_backend.h"
#include "models/checkpoint.h"
#include "models/evaluate.h"
#include "models/network.h"
#include "models/tasks.h"
#include "models/test_set.h"
#include "peers/assembly.h"
#include "peers/checkpoint_file.h"
#include "peers/config.h"
#include "peers/disagreement.h"
#include "peers/panel.h"
#include "peers/parameter_file.h"

namespace peers {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;
using runtime::Status;

constexpr std::size_t kPairs = 8;  // of draws, to measure a rise of the loss by
constexpr int kFoldersUp = 3;      // checkpoints/earlier/ and the like lie below the peer's folder

Result<Config> config_of(const EvalOptions& options) {
  if (!options.config.empty()) return read_config(options.config, {});
  fs::path folder = fs::absolute(options.checkpoints.front()).parent_path();
  for (int up = 0; up < kFoldersUp; ++up, folder = folder.parent_path()) {
    if (fs::is_regular_file(folder / "config.toml")) return read_config(folder / "config.toml", {});
  }
  return Error{
      fmt::format("{}: no config.toml beside it says what it was trained on; --config FILE",
                  options.checkpoints.front().string())};
}

struct Estimate {
  std::vector<float> numbers;
  double weight = 1.0;
};

Result<Estimate> read_estimate_of(const fs::path& path, const models::Network& network) {
  const auto file = read_parameters(path);
  if (!file) return file.error();
  Estimate estimate{std::vector<float>(network.parameter_count()), file->weight.value_or(1.0)};
  if (auto restored = models::restore(file->checkpoint, network.tensors(), estimate.numbers);
      !restored)
    return Error{fmt::format("{}: {}", path.string(), restored.error().message)};
  return estimate;
}

Result<std::vector<float>> mean_of(const std::vector<Estimate>& estimates) {
  std::vector<double> sum(estimates.front().numbers.size(), 0.0);
  double weight = 0.0;
  for (const Estimate& estimate : estimates) {
    weight += estimate.weight;
    for (std::size_t k = 0; k < sum.size(); ++k)
      sum[k] += estimate.weight * static_cast<double>(estimate.numbers[k]);
  }
  if (!(weight > 0.0)) return Error{"the checkpoints have no weight to average them by"};
  std::vector<float> mean;
  for (const double number : sum) mean.push_back(static_cast<float>(number / weight));
  return mean;
}

Result<std::vector<Estimate>> read_all(const EvalOptions& options, const models::Network& network) {
  std::vector<Estimate> estimates;
  for (const fs::path& path : options.checkpoints) {
    auto estimate = read_estimate_of(path, network);
    if (!estimate) return estimate.error();
    estimates.push_back(std::move(estimate).value());
  }
  return estimates;
}

// What predicts, by name: one member, or those of an ensemble.
Result<std::string> assemble(const EvalOptions& options, const std::vector<Estimate>& estimates,
                             const Disagreement& disagreement, std::uint64_t seed, Panel& panel) {
  if (options.ensemble && options.draws > 0) {
    for (std::size_t i = 0; i < options.draws; ++i) panel.add(disagreement.draw(seed, i));
    return std::string("draws");
  }
  if (options.ensemble) {
    for (const Estimate& estimate : estimates) panel.add(estimate.numbers);
    return std::string("ensemble");
  }
  if (estimates.size() == 1) {
    panel.add(estimates.front().numbers);
    return std::string("checkpoint");
  }
  const auto mean = mean_of(estimates);
  if (!mean) return mean.error();
  panel.add(*mean);
  return std::string("average");
}

Result<EvalReport> judge(const EvalOptions& options, const std::vector<Estimate>& estimates,
                         models::Network& network, kernels::Backend& backend,
                         const models::Dataset& test, std::uint64_t seed) {
  std::vector<std::span<const float>> numbers;
  for (const Estimate& estimate : estimates) numbers.emplace_back(estimate.numbers);
  const Disagreement disagreement(numbers);
  Panel panel(network, backend, test);
  auto of = assemble(options, estimates, disagreement, seed, panel);
  if (!of) return of.error();
  EvalReport report{.of = std::move(of).value(), .judgement = panel.judge(), .sharpness = {}};
  if (!options.sharpness) return report;
  kernels::Buffer parameters = backend.allocate(numbers.front().size(), kernels::Scalar::kF32);
  models::TestSet set(backend, test);
  const LossOf loss = [&](std::span<const float> at) {
    backend.upload(at, parameters.view());
    return models::evaluate(network, parameters.view(), set, Panel::kBatch).loss;
  };
  report.sharpness = sharpness_along(disagreement, loss, kPairs, seed);
  return report;
}

}  // namespace

Result<EvalReport> evaluate_checkpoints(const EvalOptions& options) {
  if ((options.sharpness || options.draws > 0) && options.checkpoints.size() < 2)
    return Error{
        "one estimate disagrees with nobody: --draws and --sharpness need those of two or more "
        "peers, taken while they train"};
  const auto config = config_of(options);
  if (!config) return config.error();
  if (config->objective.kind != "network")
    return Error{"a laboratory run (objective.kind) has nothing to test on"};
  const auto data = models::open_data({.set = config->data.set,
                                       .path = config->data.path,
                                       .seed = config->seed,
                                       .limit = config->data.limit,
                                       .context = config->data.context});
  if (!data) return data.error();
  auto backend = kernels::open_backend({config->peer.device, threads_of(*config, 1)});
  if (!backend) return backend.error();
  const auto network = models::Network::create(network_spec(*config, *data->train),
                                               *backend->backend, Panel::kBatch);
  if (!network) return network.error();
  const auto estimates = read_all(options, **network);
  if (!estimates) return estimates.error();
  // Of several tasks, the last: what a run ends with is for that.
  const auto tasks = models::make_tasks(
      *data, {},
      {.name = config->data.tasks, .count = config->data.task_count, .seed = config->seed});
  if (!tasks) return tasks.error();
  const models::Dataset& test = tasks->empty() ? *data->test : *tasks->back().test;
  return judge(options, *estimates, **network, *backend->backend, test, config->seed);
}

}  // namespace peers
