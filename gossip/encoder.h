#pragma once
// From the numbers of blocks to the payloads of one push, once, whatever the number of receivers.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "gossip/codec.h"
#include "gossip/layout.h"
#include "gossip/memory_pool.h"
#include "gossip/parcel.h"

namespace gossip {

// `codec` and `layout` outlive it. Used by one thread.
class Encoder {
 public:
  Encoder(const Codec& codec, const BlockLayout& layout);

  // Begins a push. `seed` is for the codecs that draw, another one for every push.
  void begin(std::uint64_t seed, ParcelKind kind = ParcelKind::kMass);
  // Adds the payload of one block, whose numbers are `x` (on the host) and whose weight is
  // `weight`, and returns it. Numbers that are not finite make the snapshot so and are not encoded:
  // empty.
  std::span<const std::byte> add(std::uint32_t block, kernels::ConstView x, double weight);
  // Of a difference that was added: the x that it leads to.
  void say(std::uint32_t block, runtime::Frame x);
  [[nodiscard]] std::shared_ptr<const Snapshot> finish();

 private:
  const Codec* codec_;
  const BlockLayout* layout_;
  std::size_t stride_;  // bytes from one payload to the next
  MemoryPool pool_;
  SnapshotPool snapshots_{kSnapshotsFreeMax};
  std::uint64_t seed_ = 0;              // of the push that has begun, ...
  std::shared_ptr<std::byte> memory_;   // ... its payloads ...
  std::shared_ptr<Snapshot> snapshot_;  // ... and what it hands over
};

}  // namespace gossip
