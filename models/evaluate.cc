#include "models/evaluate.h"

#include <algorithm>
#include <span>

#include "models/batch.h"
#include "runtime/check.h"

namespace models {
void read_samples(const Dataset& dataset, std::size_t start, std::size_t size, HostBatch& out) {
  const std::size_t pixels = dataset.shape().count();
  out.samples.resize(size * pixels);
  const std::size_t targets = dataset.targets();
  out.labels.resize(size * targets);
  for (std::size_t i = 0; i < size; ++i) {
    dataset.read(start + i, std::span(out.samples).subspan(i * pixels, pixels));
    dataset.read_labels(start + i, std::span(out.labels).subspan(i * targets, targets));
  }
}

Evaluation evaluate(Network& network, kernels::Backend& backend, kernels::ConstView parameters,
                    const Dataset& dataset, std::size_t batch) {
  CHECK(dataset.size() > 0 && dataset.shape() == network.input());
  CHECK(dataset.targets() == network.targets());
  BatchStage stage(backend, dataset, batch);
  HostBatch host;
  double loss_sum = 0.0;
  std::size_t correct = 0;
  for (std::size_t start = 0; start < dataset.size(); start += batch) {
    read_samples(dataset, start, std::min(batch, dataset.size() - start), host);
    const Score score = network.score(parameters, stage.stage(host));
    loss_sum += score.loss_sum;
    correct += score.correct;
  }
  const auto count = static_cast<double>(dataset.size() * dataset.targets());
  return {.loss = loss_sum / count, .accuracy = static_cast<double>(correct) / count};
}

}  // namespace models
