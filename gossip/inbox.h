#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "gossip/aligned_memory.h"
#include "gossip/clipping.h"
#include "gossip/layout.h"
#include "gossip/parcel.h"
#include "gossip/public_copy.h"
#include "kernels/view.h"
#include "runtime/peer_id.h"

namespace gossip {

// Mass that arrived for one block, added up: factor * numbers is its x.
struct BlockArrival {
  std::uint32_t block = 0;
  double weight = 0.0;
  double factor = 1.0;
  kernels::ConstView numbers;  // host memory of the inbox, or of the one parcel that came
};

// Where parcels wait for the trainer. One accumulator a block, however many peers push into it.
//
// kOnArrival adds a parcel as it comes. kByRound keeps parcels until their round is taken and adds
// them in the order of their senders, so that a run in step gives the same bits whatever the
// network did; it holds the frames meanwhile. Differences are added up in that order too, so they
// need it.
//
// take_before() hands one set of accumulators to the caller and goes on with another: a trainer may
// fold what it took while the gossip thread adds to the rest. Calls themselves need the caller's
// lock.
class Inbox {
 public:
  enum class Order : std::uint8_t { kOnArrival, kByRound };
  // `clipping`, which outlives it, cuts what others sent, as it is added up; null: all is taken as
  // it came.
  Inbox(const BlockLayout& layout, Order order, Clipping* clipping = nullptr);
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // kByRound: a parcel further ahead than this of the last round taken has to wait outside.
  static constexpr std::uint64_t kRoundsAheadMax = 64;
  [[nodiscard]] bool has_room(std::uint64_t round) const;

  // x += x', w += w', the parcel's. Sizes and alignment have been checked; has_room() must hold.
  void add(runtime::PeerId from, const Parcel& parcel);
  void take_back(const Parcel& parcel);  // our own mass came back: at once, whatever the order

  // kByRound: whether each of `blocks` has come, for `round`, from each of `senders`.
  [[nodiscard]] bool complete(std::uint64_t round, std::span<const runtime::PeerId> senders,
                              std::span<const std::uint32_t> blocks) const;

  // Companions (BlockLayout) are sums over all peers, and a death leaves a hole in them: all begin
  // anew. An era is how many deaths a peer has heard of, from others' parcels too; companions that
  // were pushed in an earlier one are void, and so are those that come back. kByRound.
  [[nodiscard]] std::uint64_t latest_era(std::uint64_t round) const;  // of parcels before `round`
  void begin_era(std::uint64_t era) { era_ = era; }
  [[nodiscard]] std::uint64_t era() const { return era_; }

  // Everything that arrived (kByRound: of rounds before `round`, ordered by round and sender, and
  // what was taken back). The views are good until the next call.
  [[nodiscard]] std::span<const BlockArrival> take_before(std::uint64_t round);
  // They have been folded: what they were views of is free again, before the next call even.
  void drop_taken();

  [[nodiscard]] bool empty() const;
  [[nodiscard]] double weight() const;  // held and not yet taken, summed over blocks

 private:
  struct Accumulators;
  // Of one sender in one round, by block and sequence: the order in which they are added.
  using Waiting = std::map<std::pair<std::uint32_t, std::uint64_t>, Parcel>;

  [[nodiscard]] bool is_companion(const Parcel& parcel) const {
    return parcel.block >= layout_->parameter_blocks();
  }
  // What a parcel stands for: of a difference, what its sender says x is by now.
  [[nodiscard]] Parcel meant(runtime::PeerId from, const Parcel& parcel);
  [[nodiscard]] Parcel clipped(runtime::PeerId from, const Parcel& parcel);

  const BlockLayout* layout_;
  Order order_;
  Clipping* clipping_;
  std::map<runtime::PeerId, PublicCopy> copies_;  // of those that send differences
  std::vector<AlignedMemory> unused_;             // for sums, of a block each
  std::unique_ptr<Accumulators> filling_;
  std::unique_ptr<Accumulators> taken_;
  std::map<std::uint64_t, std::map<runtime::PeerId, Waiting>> waiting_;  // kByRound
  std::uint64_t taken_before_ = 0;                                       // every round before it
  std::uint64_t era_ = 0;
};

}  // namespace gossip
