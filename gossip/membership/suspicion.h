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

  // `others`: members that could confirm. `ask_every`: how often the suspect is asked meanwhile.
  Suspicion(runtime::PeerId from, std::size_t others, const SuspicionSpan& span,
            runtime::Duration ask_every, runtime::Instant now);

  // Another member suspects the same. False: it did before, or enough did.
  bool confirm(runtime::PeerId from);
  [[nodiscard]] runtime::Instant ends_at() const;
  // Whether the suspect should be asked once more. Who stood still or was cut off for a moment then
  // answers all who suspect it, on a network that loses messages too.
  [[nodiscard]] bool asks(runtime::Instant now);
  void postpone(runtime::Duration span) { since_ += span; }  // this peer stood still for so long

 private:
  std::vector<runtime::PeerId> from_;  // the first is not a confirmation
  std::size_t looked_for_;
  SuspicionSpan span_;
  runtime::Instant since_;
  runtime::Duration ask_every_;
  runtime::Instant ask_at_;
};

// So often that each who suspects asks three times at least before enough confirmations could end
// it, and that a suspect in a large run is not asked by all of it each interval.
[[nodiscard]] runtime::Duration ask_interval(std::size_t members, runtime::Duration probe_interval,
                                             const SuspicionSpan& span);

}  // namespace gossip
