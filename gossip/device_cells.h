#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gossip/codec.h"
#include "gossip/layout.h"
#include "gossip/memory_pool.h"
#include "gossip/parcel.h"
#include "gossip/snapshot_under_way.h"
#include "kernels/backend.h"

namespace gossip {

// Payloads made on the device where the numbers lie, so that no more than these crosses to the
// host: to the bit what an Encoder would make of the numbers there. The trainer's.
class DeviceCells {
 public:
  // All outlive it; fits() holds.
  DeviceCells(const Codec& codec, const BlockLayout& layout, kernels::Backend& backend);
  // Whether the device can, for such a codec and layout.
  [[nodiscard]] static bool fits(const Codec& codec, const BlockLayout& layout,
                                 const kernels::Backend& backend);

  // As Encoder's, but that somebody else knows whether all numbers are finite. What was made before
  // is gone from the device.
  void begin(std::uint64_t seed, ParcelKind kind = ParcelKind::kMass);
  void add(std::uint32_t block, kernels::ConstView x, double weight);
  void say(std::uint32_t block, runtime::Frame x);
  [[nodiscard]] SnapshotUnderWay finish(bool finite);

  // Whether it was the last to be made.
  [[nodiscard]] bool made(const Snapshot& snapshot) const { return made_ == &snapshot; }
  // What the block's payload, of the push begun last, stands for.
  void read(std::uint32_t block, kernels::View x) const;

 private:
  [[nodiscard]] kernels::cells::Coding coding(std::uint32_t block) const;
  [[nodiscard]] kernels::View payload(std::uint32_t block) const;

  const Codec* codec_;
  const BlockLayout* layout_;
  kernels::Backend* backend_;
  std::size_t stride_;  // words from one payload to the next
  MemoryPool pool_;
  SnapshotPool snapshots_{kSnapshotsFreeMax};
  mutable kernels::Buffer cells_;
  std::vector<std::uint32_t> blocks_;   // of the push, in the order of their payloads
  std::vector<std::size_t> slots_;      // by block: which payload
  std::uint64_t seed_ = 0;              // of the push, ...
  std::shared_ptr<Snapshot> snapshot_;  // ... and what it hands over
  const Snapshot* made_ = nullptr;
};

}  // namespace gossip
