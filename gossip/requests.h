#pragma once
// Pairwise averaging (AD-PSGD, Lian et al. 2018), as mass: an active peer pushes half of what it
// has to a passive one, which answers with half of what it had, and both fold. Once the answer has
// come both have the average of the two, and the weights that they had before.
//
// Mass that asks for an answer waits here until the trainer gives it, one asker after the other: a
// pair averages what the one before has left. Nobody stands still for an answer; an asker only asks
// nobody else meanwhile. A pure state machine; the caller's lock covers every call.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "gossip/parcel.h"
#include "runtime/peer_id.h"

namespace gossip {

class Requests {
 public:
  // A request is of so many parcels, one a block.
  explicit Requests(std::uint32_t blocks) : blocks_(blocks) {}

  // Of the asker's side. One answer at a time is waited for, until it is folded: who asked again
  // before would ask with what it has kept only.
  void asked(runtime::PeerId peer);
  [[nodiscard]] bool awaits_answer() const { return awaited_.has_value(); }
  void heard_mass(runtime::PeerId from);  // a parcel that asks for nothing
  void folded();                          // all that was heard

  // Of the other side. False: no part of a request, since this block has come already; mass like
  // any other then.
  [[nodiscard]] bool add(runtime::PeerId from, const Parcel& parcel);
  // Of whom all has come, the first for whom `can_be_answered` holds.
  [[nodiscard]] std::optional<runtime::PeerId> next(
      const std::function<bool(runtime::PeerId)>& can_be_answered) const;
  // What came of this peer's request, complete or not; nothing waits of it then.
  [[nodiscard]] std::vector<Parcel> take(runtime::PeerId from);
  [[nodiscard]] std::vector<runtime::PeerId> askers() const;

  void part_from(runtime::PeerId peer);  // no answer will come
  [[nodiscard]] double weight() const;   // that waits, summed over blocks

 private:
  struct Answer {
    runtime::PeerId from{};
    std::uint32_t blocks_missing = 0;
  };

  std::uint32_t blocks_;
  std::optional<Answer> awaited_;
  std::map<runtime::PeerId, std::map<std::uint32_t, Parcel>> waiting_;  // by asker and block
};

}  // namespace gossip
