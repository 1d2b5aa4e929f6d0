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
#include "peers/assembly.h"
#include "peers/checkpoint_file.h"
#include "peers/config.h"
#include "peers/parameter_file.h"

namespace peers {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;
using runtime::Status;

constexpr std::size_t kBatch = 128;
constexpr int kFoldersUp = 3;  // checkpoints/earlier/ and the like lie below the peer's folder

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

// A network, a test set, and the members that predict.
class Panel {
 public:
  Panel(models::Network& network, kernels::Backend& backend, const models::Dataset& test)
      : network_(&network), backend_(&backend), test_(&test) {}

  void add(std::span<const float> numbers) {
    members_.push_back(backend_->allocate(numbers.size(), kernels::Scalar::kF32));
    backend_->upload(numbers, members_.back().view());
  }

  Judgement judge() {
    Judge judge;
    models::BatchStage stage(*backend_, *test_, kBatch);
    models::HostBatch host;
    for (std::size_t start = 0; start < test_->size(); start += kBatch) {
      models::read_samples(*test_, start, std::min(kBatch, test_->size() - start), host);
      predict(stage.stage(host));
      const std::size_t classes = network_->classes();
      const std::size_t row = members_.size() * classes;
      for (std::size_t i = 0; i < host.labels.size(); ++i)
        judge.add(std::span(logits_).subspan(i * row, row), classes, host.labels[i]);
    }
    return judge.judgement();
  }

 private:
  // logits_: [labels, members, classes]
  void predict(const models::Batch& batch) {
    const std::size_t classes = network_->classes();
    std::vector<float> of_one;
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const kernels::ConstView outputs = network_->outputs(members_[m].view(), batch);
      of_one.resize(outputs.count());
      logits_.resize(outputs.count() * members_.size());
      backend_->download(outputs, std::span(of_one));
      for (std::size_t k = 0; k < of_one.size(); ++k)
        logits_[((k / classes) * members_.size() + m) * classes + k % classes] = of_one[k];
    }
  }

  models::Network* network_;
  kernels::Backend* backend_;
  const models::Dataset* test_;
  std::vector<kernels::Buffer> members_;
  std::vector<float> logits_;
};

Result<std::vector<Estimate>> read_all(const EvalOptions& options, const models::Network& network) {
  std::vector<Estimate> estimates;
  for (const fs::path& path : options.checkpoints) {
    auto estimate = read_estimate_of(path, network);
    if (!estimate) return estimate.error();
    estimates.push_back(std::move(estimate).value());
  }
  return estimates;
}

}  // namespace

Result<EvalReport> evaluate_checkpoints(const EvalOptions& options) {
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
  const auto network =
      models::Network::create(network_spec(*config, *data->train), *backend->backend, kBatch);
  if (!network) return network.error();
  const auto estimates = read_all(options, **network);
  if (!estimates) return estimates.error();
  // Of several tasks, the last: what a run ends with is for that.
  const auto tasks = models::make_tasks(
      *data, {},
      {.name = config->data.tasks, .count = config->data.task_count, .seed = config->seed});
  if (!tasks) return tasks.error();
  Panel panel(**network, *backend->backend, tasks->empty() ? *data->test : *tasks->back().test);
  if (options.ensemble) {
    for (const Estimate& estimate : *estimates) panel.add(estimate.numbers);
    return EvalReport{"ensemble", panel.judge()};
  }
  const auto mean = mean_of(*estimates);
  if (!mean) return mean.error();
  const bool one = estimates->size() == 1;
  panel.add(one ? estimates->front().numbers : *mean);
  return EvalReport{one ? "checkpoint" : "average", panel.judge()};
}

}  // namespace peers
