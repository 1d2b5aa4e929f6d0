#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "models/datasets/dataset.h"
#include "models/network.h"
#include "peers/judgement.h"

namespace peers {

// A network, a test set, and the members that predict. All that it is given is to outlive it.
class Panel {
 public:
  static constexpr std::size_t kBatch = 128;  // the network's batch_max is to be no less

  Panel(models::Network& network, kernels::Backend& backend, const models::Dataset& test)
      : network_(&network), backend_(&backend), test_(&test) {}

  void add(std::span<const float> parameters);  // one more member
  [[nodiscard]] Judgement judge();              // of all members' predictions

 private:
  void predict(const models::Batch& batch);

  models::Network* network_;
  kernels::Backend* backend_;
  const models::Dataset* test_;
  std::vector<kernels::Buffer> members_;
  std::vector<float> logits_;  // [labels, members, classes]
};

}  // namespace peers
