#pragma once

#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "gossip/aligned_memory.h"
#include "gossip/clipping.h"
#include "gossip/layout.h"
#include "gossip/memory_pool.h"
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

// Where parcels wait for the trainer. One sum a block, however many peers push into it: all that
// waits on arrival is at most one model.
//
// kOnArrival adds a parcel as it comes. kByRound keeps parcels until their round is taken and adds
// them in the order of their senders, so that a run in step gives the same bits whatever the
// network did; it holds the frames meanwhile. Differences are added up in that order too, so they
// need it.
//
// take() hands one block over and goes on without it: a trainer may fold what it took while the
// gossip thread adds to the rest. Calls themselves need the caller's lock.
class Inbox {
 public:
  enum class Order : std::uint8_t { kOnArrival, kByRound };
  // `clipping`, which outlives it, cuts what others sent, as it is added up; null: all is taken as
  // it came. `make_memory`: for the sums, on the thread of whoever adds.
  Inbox(const BlockLayout& layout, Order order, Clipping* clipping = nullptr,
        MakeMemory make_memory = allocate_aligned);
  ~Inbox() = default;
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

  // What arrived of a block, if anything (kByRound: what was taken back, then rounds before `round`
  // in order, senders in theirs). The view is good until the next call.
  [[nodiscard]] std::optional<BlockArrival> take(std::uint32_t block, std::uint64_t round);
  // It has been folded: what it was a view of is free again, before the next call even.
  void drop_taken();
  // kOnArrival: the memory goes along, until it is given back.
  struct Owned {
    BlockArrival arrival;
    AlignedMemory memory;
  };
  [[nodiscard]] std::optional<Owned> take_away(std::uint32_t block);
  void give_back(AlignedMemory memory);

  [[nodiscard]] bool empty() const;
  [[nodiscard]] double weight() const;  // held and not yet taken, summed over blocks

 private:
  // Of one block: factor * numbers is the x that has come.
  struct Sum {
    AlignedMemory numbers;  // null: nothing has come
    double factor = 1.0;    // of the first parcel, until there are two to add
    double weight = 0.0;
  };
  // Of one sender in one round, by block and sequence: the order in which they are added.
  using Waiting = std::pmr::map<std::pair<std::uint32_t, std::uint64_t>, Parcel>;

  [[nodiscard]] bool is_companion(const Parcel& parcel) const {
    return parcel.block >= layout_->parameter_blocks();
  }
  [[nodiscard]] kernels::View numbers_of_sum(std::uint32_t block, const Sum& sum) const;
  void add_up(const Parcel& parcel);
  // kByRound: what waits of the block.
  void add_up_before(std::uint64_t round, std::uint32_t block);
  void add_up_of(runtime::PeerId from, Waiting& parcels, std::uint32_t block);
  // What a parcel stands for: of a difference, what its sender says x is by now.
  [[nodiscard]] Parcel meant(runtime::PeerId from, const Parcel& parcel);
  [[nodiscard]] Parcel clipped(runtime::PeerId from, const Parcel& parcel);

  const BlockLayout* layout_;
  Order order_;
  Clipping* clipping_;
  MakeMemory make_memory_;
  std::map<runtime::PeerId, PublicCopy> copies_;  // of those that send differences
  std::vector<Sum> sums_;                         // by block
  std::vector<AlignedMemory> unused_;             // for sums, each of the size of the first block
  Sum taken_;                                     // what the trainer reads, or else ...
  std::optional<Parcel> lone_;  // ... the one parcel that came (kByRound), where the network put it
  std::pmr::unsynchronized_pool_resource nodes_{
      {.max_blocks_per_chunk = 64, .largest_required_pool_block = 512}};
  std::pmr::map<std::uint64_t, std::pmr::map<runtime::PeerId, Waiting>> waiting_{
      &nodes_};                     // kByRound
  std::uint64_t taken_before_ = 0;  // every round before it
  std::uint64_t era_ = 0;
};

}  // namespace gossip
