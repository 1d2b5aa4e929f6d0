#pragma once
// How long a suspected member has to refute before it is dead (Lifeguard, Dadgar et al. 2018,
// §IV-B): the more independent members confirm the suspicion, the sooner it is believed.

#include <cstddef>
#include <vector>

#include "runtime/clock.h"
#include "runtime/peer_id.h"

namespace gossip {

struct SuspicionSpan {
  runtime::Duration min{};  // with all confirmations
  runtime::Duration max{};  // with none, though some could come
};

// For a run of so many members: both grow with the logarithm of the run, as the time does that a
// refutation takes to go round.
[[nodiscard]] SuspicionSpan suspicion_span(std::size_t members, runtime::Duration probe_interval,
                                           double multiplier);

// What is left of a span after so many of the confirmations that are looked for.
[[nodiscard]] runtime::Duration suspicion_lasts(std::size_t confirmations, std::size_t looked_for,
                                                const SuspicionSpan& span);

// One suspicion.
class Suspicion {
 public:
  static constexpr std::size_t kConfirmations = 3;  // looked for, where there are so many members

  // `others`: members that could confirm.
  Suspicion(runtime::PeerId from, std::size_t others, const SuspicionSpan& span,
            runtime::Instant now);

  // Another member suspects the same. False: it did before, or enough did.
  bool confirm(runtime::PeerId from);
  [[nodiscard]] runtime::Instant ends_at() const;
  // Whether the suspect should be asked once more: at once, and twice before enough confirmations
  // could end this. Who stood still or was cut off for a moment then answers all who suspect it.
  [[nodiscard]] bool asks(runtime::Instant now);
  void postpone(runtime::Duration span) { since_ += span; }  // this peer stood still for so long

 private:
  std::vector<runtime::PeerId> from_;  // the first is not a confirmation
  std::size_t looked_for_;
  SuspicionSpan span_;
  runtime::Instant since_;
  int asked_ = 0;  // times
};

}  // namespace gossip
