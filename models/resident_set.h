#pragma once
// A peer's samples in its device's memory, from which batches are cut there: what goes to the
// device for a step is then which samples and windows, not the pixels.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "models/datasets/dataset.h"

namespace models {

// Whether a device is to keep so many bytes of samples: at most a quarter of what is free there,
// for training itself and other peers want the rest. Not where its memory is the host's.
[[nodiscard]] bool may_keep(const kernels::Backend& backend, std::size_t bytes);

class ResidentSet {
 public:
  // The samples `part` of a dataset, brought to the device; null where it may not keep them. The
  // backend must outlive it.
  [[nodiscard]] static std::unique_ptr<ResidentSet> of(kernels::Backend& backend,
                                                       const Dataset& dataset,
                                                       std::span<const std::uint32_t> part,
                                                       bool augment);

  // out = the samples that `picks` name by their number in the dataset (kernels/crop.h), all of the
  // part. `out` is the device's, of as many samples.
  void cut(std::span<const std::int32_t> picks, kernels::View out);

 private:
  ResidentSet(kernels::Backend& backend, const Dataset& dataset,
              std::span<const std::uint32_t> part, bool augment);
  void bring(const Dataset& dataset, std::span<const std::uint32_t> part);

  kernels::Backend& backend_;
  kernels::CropShape shape_;
  std::vector<std::int32_t> row_of_;  // in the table, by number in the dataset
  std::vector<std::int32_t> rows_;    // the picks, of rows
  kernels::Buffer table_;
  kernels::Buffer picks_;  // grows with the batch
};

}  // namespace models
