#pragma once
// Who is alive, found out together: SWIM (Das et al. 2002) with Lifeguard's refinements (Dadgar et
// al. 2018). A pure state machine: messages and time come in as arguments, questions and changes go
// out as values.

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "gossip/members.h"
#include "gossip/membership/prober.h"
#include "gossip/membership/rumours.h"
#include "gossip/membership/suspicion.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"

namespace gossip {

struct MembershipOptions {
  runtime::PeerId self{};
  std::uint64_t incarnation = 1;
  // Between two probes. Zero: nobody is asked, and nobody is taken for dead.
  runtime::Duration probe_interval{200'000'000};
  // A suspicion that enough others confirm lasts so many intervals, in a run of up to ten.
  double suspicion_multiplier = 7.0;
  std::uint64_t seed = 0;
};

// A member's new state, and how this peer knows.
struct Change {
  enum class Reason : std::uint8_t { kNoAnswer, kRumour, kRefuted };
  runtime::PeerId peer{};
  MemberState state = MemberState::kAlive;
  Reason reason = Reason::kNoAnswer;
  runtime::PeerId from{};  // of a rumour
};

class Membership {
 public:
  Membership(const MembershipOptions& options, Members members, runtime::Instant now);

  [[nodiscard]] const Members& members() const { return members_; }
  [[nodiscard]] const Prober* prober() const { return prober_ ? &*prober_ : nullptr; }

  // --- Facts.

  // Whether this is the member that we know: the first incarnation heard of, until it joins again.
  [[nodiscard]] bool recognises(runtime::PeerId peer, std::uint64_t incarnation);
  [[nodiscard]] std::optional<std::uint64_t> incarnation_of(runtime::PeerId peer) const;
  void joined(runtime::PeerId peer, std::uint64_t incarnation, runtime::Instant now);
  void left(runtime::PeerId peer);     // it said goodbye
  void removed(runtime::PeerId peer);  // by this peer alone: dead to it, and nobody is told
  // A later life of a member speaks, of which this peer has not been told: the one that it knows is
  // over, whoever answers for it. The suspicion is said to the member, which so hears of its former
  // life, and introduces itself again.
  void outlived(runtime::PeerId peer, runtime::Instant now);
  void heard(runtime::PeerId peer, runtime::Instant now) { members_.heard(peer, now); }
  void heard(runtime::PeerId peer, const Progress& progress, runtime::Instant now) {
    members_.heard(peer, progress, now);
  }
  void heard_round(runtime::PeerId peer, std::uint64_t round) { members_.heard_round(peer, round); }

  // --- Messages and time.

  void hear(runtime::PeerId from, const Probe& probe, runtime::Instant now);
  void hear(const Rumour& rumour, runtime::Instant now);
  void tick(runtime::Instant now);
  [[nodiscard]] runtime::Instant next_tick() const;  // Instant::max(): nothing is due

  [[nodiscard]] std::vector<Question> take_questions();
  // Of answers that came.
  [[nodiscard]] std::vector<RoundTrip> take_round_trips() {
    return prober_ ? prober_->take_round_trips() : std::vector<RoundTrip>();
  }
  [[nodiscard]] std::vector<runtime::PeerId> take_cut_off() {
    return prober_ ? prober_->take_cut_off() : std::vector<runtime::PeerId>();
  }
  // What to tell `to` in the next message: always that it is suspected, if it is, so that it can
  // refute (Lifeguard's buddy system), and some news.
  [[nodiscard]] std::vector<Rumour> rumours_for(runtime::PeerId to);
  // Members that were suspected, trusted again, found dead, or whose leaving was heard of.
  [[nodiscard]] std::vector<Change> take_changes();

  // Deaths of members that were lost at one moment are noticed within so long.
  [[nodiscard]] runtime::Duration span_of_deaths() const;

  // The others hold this incarnation for dead: nothing that it says is heard any more.
  [[nodiscard]] bool expelled() const { return expelled_; }
  // What tells a member held for dead that it is.
  [[nodiscard]] Rumour obituary(runtime::PeerId peer) const;

 private:
  struct Known {
    std::optional<std::uint64_t> incarnation;  // none heard of yet
    std::uint64_t refutation = 0;
  };
  [[nodiscard]] std::vector<runtime::PeerId> others() const;
  [[nodiscard]] Rumour rumour_of(runtime::PeerId about, MemberState state,
                                 runtime::PeerId from) const;
  void hear_of_self(const Rumour& rumour);
  void suspect(runtime::PeerId peer, runtime::PeerId from, runtime::Instant now);
  void trust(const Rumour& rumour);
  void die(runtime::PeerId peer, runtime::PeerId from);
  void spread_news();
  void notice_gap(runtime::Instant now);

  MembershipOptions options_;
  Members members_;
  std::optional<Prober> prober_;
  runtime::Random random_;
  Rumours rumours_;
  std::map<runtime::PeerId, Known> known_;
  std::map<runtime::PeerId, Suspicion> suspicions_;
  // Said to have left. What it acknowledged last may still be on its way to us; believed when that
  // has had time to come.
  std::map<runtime::PeerId, runtime::Instant> leaving_;
  std::uint64_t refutation_ = 0;  // our own
  bool expelled_ = false;
  std::vector<Change> changes_;
  std::vector<Question> news_;
  runtime::Instant news_at_;
  runtime::Instant ticked_at_;
};

}  // namespace gossip
