#pragma once
// From the payload of a parcel back to the numbers of its block, in a run of one codec.

#include <cstdint>
#include <optional>

#include "gossip/codec.h"
#include "gossip/layout.h"
#include "gossip/memory_pool.h"
#include "gossip/parcel.h"
#include "runtime/frame.h"

namespace gossip {

// `codec` and `layout` outlive it. Thread-safe.
class Decoder {
 public:
  Decoder(const Codec& codec, const BlockLayout& layout);

  // Whether a parcel of this run may say so: the run's codec, or numbers as they are, which is how
  // a peer that leaves hands all over and loses nothing.
  [[nodiscard]] bool accepts(CodecId codec) const;
  // accepts() must hold, and the block exist.
  [[nodiscard]] std::size_t payload_bytes(CodecId codec, std::uint32_t block) const;

  // The numbers of a payload in the run's codec, in memory that is used again. Empty where it is
  // malformed. The payload is aligned (Codec::kAlignment).
  [[nodiscard]] std::optional<runtime::Frame> numbers(const runtime::Frame& payload,
                                                      std::uint32_t block) const;

  // The same for a parcel of our own, whose payload is in order: what its receiver would have
  // booked.
  [[nodiscard]] Parcel decoded(const Parcel& parcel) const;

 private:
  const Codec* codec_;
  const BlockLayout* layout_;
  mutable MemoryPool pool_;  // of one block each
};

}  // namespace gossip
