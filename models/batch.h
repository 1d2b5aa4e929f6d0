#pragma once
// A batch on the host, and its way to a device.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/backend.h"
#include "models/datasets/dataset.h"
#include "models/image_shape.h"
#include "models/network.h"
#include "models/resident_set.h"

namespace models {

struct HostBatch {
  std::vector<float> samples = {};        // [size, height, width, channels], or instead ...
  std::vector<std::int32_t> picks = {};   // ... those of a ResidentSet: [size, kPickNumbers]
  std::vector<std::int32_t> labels = {};  // [size, targets]
  std::uint64_t draw = 0;                 // Batch's
};

// `size` samples of the set from number `start` on, in its order.
void read_samples(const Dataset& dataset, std::size_t start, std::size_t size, HostBatch& out);

// Device memory for one batch at a time. A host backend reads the host's batch where it lies.
class BatchStage {
 public:
  // Of samples as `dataset` has them. The backend must outlive it.
  BatchStage(kernels::Backend& backend, const Dataset& dataset, std::size_t batch_max);

  // The batch as the device sees it: valid until the next call, and no longer than `host`. One of
  // picks is of `resident`, of the same backend.
  [[nodiscard]] Batch stage(const HostBatch& host, ResidentSet* resident = nullptr);

  [[nodiscard]] std::size_t batch_max() const { return batch_max_; }

 private:
  kernels::Backend& backend_;
  ImageShape shape_;
  std::size_t targets_;  // labels of a sample
  std::size_t batch_max_;
  kernels::Buffer samples_;  // empty on a host backend, like labels_
  kernels::Buffer labels_;
};

}  // namespace models
