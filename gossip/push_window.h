#pragma once
// When the next push may begin. What is under way is mass that this peer lacks meanwhile and that
// arrives old: on a link slower than the steps, each further push only joins a queue, and all of
// them arrive later. Where acknowledgements come within a few rounds pushes overlap; else the next
// one waits for the last, unless that one takes so long that its receiver, not the link, must be
// what is slow (it trains slowly, evaluates, is frozen or gone): that holds nobody up.
//
// What is under way is also a copy of the model. Where that is large no pushes overlap, and nobody
// is slow before thirty seconds have passed: so a peer holds one copy beside its own estimate,
// unless a receiver stands still that is not found dead, or is far slower to reach than the others.

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "runtime/clock.h"
#include "runtime/peer_id.h"

namespace gossip {

class PushWindow {
 public:
  explicit PushWindow(bool may_overlap) : may_overlap_(may_overlap) {}

  // A push under way: to whom, the round in which it was begun, and for how long it has been.
  struct UnderWay {
    runtime::PeerId to{};
    std::uint64_t round = 0;
    runtime::Duration age{};
  };

  // A push to `to` that was begun so many rounds ago has been acknowledged whole.
  void acknowledged(runtime::PeerId to, std::uint64_t rounds);
  void forget(runtime::PeerId to) { rounds_.erase(to); }

  // Whether one may begin in this round. `under_way`: the oldest push to each peer that there is.
  // Without steps between them rounds are no measure of time, and nobody is late.
  [[nodiscard]] bool may_push(std::span<const UnderWay> under_way, std::uint64_t round,
                              bool steps_between = true) const;

 private:
  // Of the peer that acknowledges soonest; empty: none ever has.
  [[nodiscard]] std::optional<double> rounds_of_quickest() const;

  bool may_overlap_;
  std::map<runtime::PeerId, double> rounds_;  // until an acknowledgement, lately
};

}  // namespace gossip
