#pragma once
// A whole set in its order, batch by batch, for who goes through it again and again: a device that
// has room keeps it.

#include <cstddef>
#include <optional>

#include "kernels/backend.h"
#include "models/batch.h"
#include "models/datasets/dataset.h"
#include "models/network.h"

namespace models {

class TestSet {
 public:
  // Brings samples and labels to the device, where it may_keep() them. What it is given must
  // outlive it.
  TestSet(kernels::Backend& backend, const Dataset& dataset);

  // The `size` samples from number `start` on. Where the device does not keep them they are read
  // into `host`. Valid until the next call, and no longer than `host`.
  [[nodiscard]] Batch batch(std::size_t start, std::size_t size, HostBatch& host);

  [[nodiscard]] const Dataset& dataset() const { return dataset_; }

 private:
  void bring();

  kernels::Backend& backend_;
  const Dataset& dataset_;
  kernels::Buffer samples_;  // empty where they are not kept, like labels_
  kernels::Buffer labels_;
  std::optional<BatchStage> stage_;  // where they are not; grows with the batch
};

}  // namespace models
