#pragma once

#include <cstddef>

#include "kernels/backend.h"
#include "models/batch.h"
#include "models/datasets/dataset.h"
#include "models/network.h"

namespace models {

struct Evaluation {
  double loss = 0.0;      // mean over the labels
  double accuracy = 0.0;  // share of labels that got the largest output, in [0, 1]
};

// `size` samples of the set from number `start` on, in its order.
void read_samples(const Dataset& dataset, std::size_t start, std::size_t size, HostBatch& out);

// What the network makes of a whole set, in its order, `batch` samples at a time (at most the
// network's batch_max). `backend` is the network's, `parameters` of its memory and f32.
[[nodiscard]] Evaluation evaluate(Network& network, kernels::Backend& backend,
                                  kernels::ConstView parameters, const Dataset& dataset,
                                  std::size_t batch);

}  // namespace models
