#pragma once

#include <cstddef>

#include "kernels/backend.h"
#include "models/network.h"
#include "models/test_set.h"

namespace models {

struct Evaluation {
  double loss = 0.0;      // mean over the labels
  double accuracy = 0.0;  // share of labels that got the largest output, in [0, 1]
};

// What the network makes of a whole set, in its order, `batch` samples at a time (at most the
// network's batch_max). `set` is of the network's backend, `parameters` of its memory and f32.
[[nodiscard]] Evaluation evaluate(Network& network, kernels::ConstView parameters, TestSet& set,
                                  std::size_t batch);

}  // namespace models
