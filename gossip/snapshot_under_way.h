#pragma once

#include <memory>
#include <utility>

#include "gossip/layout.h"
#include "gossip/parcel.h"
#include "kernels/copy.h"

namespace gossip {

// A snapshot, of all of z as it is or of payloads, that is still on its way from the device. Its
// weights are known at once, its numbers once it has been finished.
class SnapshotUnderWay {
 public:
  // `layout` outlives it.
  SnapshotUnderWay(std::shared_ptr<Snapshot> snapshot, std::unique_ptr<kernels::Copy> copy,
                   const BlockLayout& layout)
      : snapshot_(std::move(snapshot)), copy_(std::move(copy)), layout_(&layout) {}

  [[nodiscard]] const Snapshot& begun() const { return *snapshot_; }
  // Waits for it and sums it up. Any thread; once.
  [[nodiscard]] std::shared_ptr<const Snapshot> finish();

 private:
  std::shared_ptr<Snapshot> snapshot_;
  std::unique_ptr<kernels::Copy> copy_;
  const BlockLayout* layout_;
};

// What others will check of the block's numbers, which are there.
void sum_up(Snapshot& snapshot, std::uint32_t block, const BlockLayout& layout);

}  // namespace gossip
