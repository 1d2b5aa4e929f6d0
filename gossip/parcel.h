#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gossip/codec.h"
#include "gossip/layout.h"
#include "gossip/notes.h"
#include "kernels/view.h"
#include "runtime/frame.h"
#include "runtime/peer_id.h"
#include "runtime/pool.h"

namespace gossip {

// What the numbers of a parcel are.
enum class ParcelKind : std::uint8_t {
  kMass,        // the sender's estimate of the block
  kDifference,  // how far x, as the sender says it is, has come since it said so last
  kStep,        // what the sender's x has moved by: no weight goes with it
  kRequest,     // as mass, to be answered by as large a share of what the receiver has
};

// A peer's mass at one moment, on the host, shared by every parcel that was cut from it: one copy
// for a push, encoded once, whatever the number of receivers. Immutable once it is
// built, so that any thread may read and drop it.
struct Snapshot {
  ParcelKind kind = ParcelKind::kMass;
  CodecId codec = CodecId::kF32;
  runtime::Frame z;                      // the estimate of all, in the layout's scalar; or else ...
  std::vector<runtime::Frame> payloads;  // ... the blocks that are pushed, each encoded
  // Differences: the x that each block that is pushed is said to have; f32 or f64, as the layout.
  std::vector<runtime::Frame> said;
  std::vector<double> weights;  // push-sum weight of each block
  std::vector<std::uint64_t>
      checksums;       // of each block's payload: once, whatever the number of receivers
  bool finite = true;  // no NaN, no infinity: otherwise every receiver would refuse it

  [[nodiscard]] runtime::Frame payload(std::uint32_t block, const BlockLayout& layout) const {
    if (!payloads.empty()) return payloads[block];
    const std::size_t offset = layout.range(block).offset * kernels::bytes_of(layout.scalar());
    return z.slice(offset, layout.bytes(block));
  }
  // Of a push of blocks that are yet to be encoded, of a layout of so many.
  void begin(ParcelKind kind_of, CodecId codec_of, std::size_t block_count);
  void clear();  // as if new; the room of its lists is kept
};

// Those of a steady run come back.
using SnapshotPool = runtime::Pool<std::unique_ptr<Snapshot>>;
inline constexpr std::size_t kSnapshotsFreeMax = 4;

// Mass under way: share * (x, w) of one block, where x = w z. The factors travel beside the
// sender's estimate z, so that a push to several peers needs one copy only.
struct Parcel {
  std::uint64_t round = 0;  // the sender's count of pushes when it sent this
  std::uint32_t block = 0;
  std::uint64_t sequence =
      0;  // numbers the parcels of one edge, from 0, per incarnation of the sender
  std::uint64_t recipient = 0;  // incarnation of the receiver that it is meant for; 0: not known
  double share = 0.0;           // in (0, 1]
  double weight = 0.0;          // the sender's w of the block, before the share was taken
  std::uint64_t checksum = 0;   // XXH3, 64 bits, of the payload as it travels
  ParcelKind kind = ParcelKind::kMass;
  // How the payload is encoded. What has been received has been decoded: always kF32.
  CodecId codec = CodecId::kF32;
  runtime::Frame payload;     // of what kind says
  runtime::Frame said = {};   // of a difference, while its sender keeps it: the x that it leads to
  std::uint64_t era = 0;      // of companions: Inbox::begin_era
  double squared_norm = 0.0;  // of the payload; filled in where Terms::norms asks
  std::vector<SharedNote> notes = {};  // that go along

  [[nodiscard]] double mass() const {
    return share * weight;
  }  // the push-sum weight that it carries
  [[nodiscard]] bool of_estimate() const {
    return kind == ParcelKind::kMass || kind == ParcelKind::kRequest;
  }
  // What makes the x that it carries of its numbers.
  [[nodiscard]] double factor() const { return of_estimate() ? share * weight : share; }
};

// The numbers of one block: of a snapshot of all of x, of a parcel that has been received, whose
// size and alignment have been checked.
[[nodiscard]] kernels::ConstView numbers_of(const Snapshot& snapshot, std::uint32_t block,
                                            const BlockLayout& layout);
[[nodiscard]] kernels::ConstView numbers_of(const Parcel& parcel, const BlockLayout& layout);

// What one push asks for: `share` of each listed block of the snapshot, for one receiver. Borrows
// its lists for the call.
struct Push {
  runtime::PeerId to{};
  std::uint64_t round = 0;
  double share = 0.0;
  std::shared_ptr<const Snapshot> snapshot;
  std::span<const std::uint32_t> blocks;
  std::uint64_t era = 0;
  std::span<const double> block_shares = {};  // instead of `share`, one a listed block; or empty
  bool asks = false;                          // its parcels are a request
  std::vector<SharedNote> notes = {};         // go along with the first block
};

}  // namespace gossip
