#pragma once
// Self-centred clipping: of an estimate that is far from one's own a receiver takes the direction,
// and no more of the way than a radius (He, Karimireddy, Jaggi 2022, "Byzantine-robust
// decentralized learning via ClippedGossip"): z_i + clip(z_j - z_i, tau).

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "gossip/layout.h"
#include "gossip/memory_pool.h"
#include "gossip/norm_limit.h"
#include "gossip/parcel.h"
#include "runtime/peer_id.h"

namespace gossip {

// A parcel of mass stands for the estimate z, and one that is clipped for
// z_own + (tau / |z - z_own|) (z - z_own), block by block. Its weight, and so the total of all
// weights, stays what it was. The total of x does not: what is cut off is lost to the run.
class Clipping {
 public:
  struct Count {
    runtime::PeerId from{};
    std::uint64_t count = 0;
  };

  // The radius of a block: `limit` times the norm of one's own, as NormLimit has it; 0: nothing is
  // clipped. `layout` outlives it.
  Clipping(double limit, const BlockLayout& layout);

  // From here on one's own estimate is that of `own`: numbers as they are, with the sums of their
  // squares over each block.
  void centre_on(std::shared_ptr<const Snapshot> own, const std::vector<double>& squared_norms);
  // What is taken of a parcel of mass whose numbers are as they are: itself, where it is near
  // enough. Companions are never clipped.
  [[nodiscard]] Parcel clipped(runtime::PeerId from, const Parcel& parcel);

  [[nodiscard]] std::uint64_t count() const { return count_; }  // parcels that were clipped so far
  [[nodiscard]] std::uint64_t count(runtime::PeerId from) const;
  // Of whom parcels were clipped 1, 2, 4, 8, ... times since this was last called.
  [[nodiscard]] std::vector<Count> take_news() { return std::exchange(news_, {}); }

 private:
  void note(runtime::PeerId from);

  const BlockLayout* layout_;
  NormLimit limit_;
  MemoryPool pool_;                      // of one block each
  std::shared_ptr<const Snapshot> own_;  // null: no centre yet
  std::uint64_t count_ = 0;
  std::map<runtime::PeerId, std::uint64_t> counts_;  // of members: nobody else's mass is taken
  std::vector<Count> news_;
};

}  // namespace gossip
