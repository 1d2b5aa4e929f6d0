#include "models/evaluate.h"

#include <algorithm>

#include "runtime/check.h"

namespace models {

Evaluation evaluate(Network& network, kernels::ConstView parameters, TestSet& set,
                    std::size_t batch) {
  const Dataset& dataset = set.dataset();
  CHECK(dataset.shape() == network.input() && dataset.targets() == network.targets());
  HostBatch host;
  double loss_sum = 0.0;
  std::size_t correct = 0;
  for (std::size_t start = 0; start < dataset.size(); start += batch) {
    const std::size_t size = std::min(batch, dataset.size() - start);
    const Score score = network.score(parameters, set.batch(start, size, host));
    loss_sum += score.loss_sum;
    correct += score.correct;
  }
  const auto count = static_cast<double>(dataset.size() * dataset.targets());
  return {.loss = loss_sum / count, .accuracy = static_cast<double>(correct) / count};
}

}  // namespace models
