#pragma once
// Asks one member after another whether it is there: directly, then through others (SWIM §3.1, the
// order shuffled anew each time round, §4.3), more patiently the less well this peer itself is
// (Lifeguard). Says who did not answer; what follows from that is the caller's.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "gossip/members.h"
#include "gossip/membership/awareness.h"
#include "gossip/membership/round_trips.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"
#include "runtime/random.h"

namespace gossip {

// What goes with a heartbeat when somebody is asked, or answers.
struct Probe {
  enum class Kind : std::uint8_t {
    kNone,         // nothing is asked: news only
    kProbe,        // are you there?
    kAnswer,       // `about` is there: the sender itself, or whom it probed for somebody
    kRelay,        // please probe `about` for me
    kUnreachable,  // `about` has not answered; but I am here, so it is not your own fault
  };
  Kind kind = Kind::kNone;
  std::uint64_t number = 0;  // of who asked; answers repeat it
  runtime::PeerId about{};
  // Of an answer for another: how far the sender knows it to be. Where `about` is not heard itself,
  // nothing else says that it has come to the end.
  Phase phase = Phase::kTraining;
  std::uint64_t round = 0;  // on the wire 32 bits
  friend bool operator==(const Probe&, const Probe&) = default;
};

struct Question {
  runtime::PeerId to{};
  Probe probe;
};

// How long a member took to answer.
struct RoundTrip {
  runtime::PeerId peer{};
  runtime::Duration span{};
};

class Prober {
 public:
  struct Options {
    runtime::PeerId self{};
    runtime::Duration interval{};  // between two probes
    std::uint64_t seed = 0;
  };
  static constexpr std::size_t kRelays = 3;
  // How often who has not answered is asked again directly while the relays ask. On a network that
  // loses one message in ten 0.8 % of all probes would end in a wrong suspicion without that, and
  // 0.005 % do.
  static constexpr int kAskedAgain = 3;
  // Questions remembered, answered or not; older ones are forgotten, and so are their answers.
  static constexpr std::size_t kAskedMax = 64;
  static constexpr std::size_t kRelayingMax = 32;  // that others wait for; more are not taken on
  // Of so many turns of a member in a row others brought the answer, and it none: one direction of
  // the link to it is dead.
  static constexpr int kBroughtMax = 5;

  Prober(const Options& options, runtime::Instant now);

  // `others`: the living without self, sorted. Returns who has not answered by now, if anybody. One
  // on a slow link is waited for; the others have their turn meanwhile.
  std::optional<runtime::PeerId> tick(std::span<const runtime::PeerId> others,
                                      runtime::Instant now);
  [[nodiscard]] runtime::Instant next_tick() const;

  void hear(runtime::PeerId from, const Probe& probe, runtime::Instant now);
  // Whether this peer has asked others what this answers.
  [[nodiscard]] bool waits_for(const Probe& answer) const;
  // Out of turn: whether it is there after all.
  void ask(runtime::PeerId peer, runtime::Instant now) {
    static_cast<void>(ask(peer, std::nullopt, now));
  }
  void forget(runtime::PeerId peer);  // it is gone
  // This peer stood still: an answer may wait unread, and its absence proves nothing.
  void excuse(runtime::Instant now);

  [[nodiscard]] std::vector<Question> take_questions();
  // Those since the last call, at most kAskedMax.
  [[nodiscard]] std::vector<RoundTrip> take_round_trips() { return std::exchange(trips_, {}); }
  // Members that are there, and do not hear this peer or are not heard by it.
  [[nodiscard]] std::vector<runtime::PeerId> take_cut_off() { return std::exchange(cut_off_, {}); }
  [[nodiscard]] Awareness& awareness() { return awareness_; }
  [[nodiscard]] const Awareness& awareness() const { return awareness_; }
  [[nodiscard]] double round_trip_seconds(runtime::PeerId peer) const;  // 0: none known

 private:
  // Of a member that was asked, by us or for somebody.
  struct Asked {
    runtime::PeerId peer{};
    runtime::Instant at{};
    runtime::Instant relay_at{};         // nobody has answered: ask through others, or say so
    std::optional<Question> for_whom{};  // an answer goes there
    runtime::Instant again_at{};         // in our own turn: it is asked once more
    runtime::Instant verdict_at{};       // the same: unanswered by then, it is silent
    bool in_turn = false;
    std::size_t unreachables_due = 0;  // relays that have not spoken
    bool answered = false;
    bool relayed = false;
    bool brought = false;  // the answer, by a relay
    bool excused = false;  // we stood still meanwhile: what it took says nothing of the link

    // Whether an answer would be more than a measurement.
    [[nodiscard]] bool is_open() const { return !answered && (in_turn || !relayed); }
  };
  Asked& ask(runtime::PeerId peer, std::optional<Question> for_whom, runtime::Instant now);
  void go_on_asking(Asked& asked, std::uint64_t number, std::span<const runtime::PeerId> others);
  void note_round_trip(runtime::PeerId peer, runtime::Duration span);
  void ask_again(Asked& asked, runtime::Instant now);
  void hear_answer(const Probe& probe);
  void note_brought(Asked& asked);
  void note_answer(Asked& asked);
  [[nodiscard]] std::optional<runtime::PeerId> next_target(std::span<const runtime::PeerId> others);
  [[nodiscard]] std::optional<runtime::PeerId> verdict(runtime::Instant now);
  [[nodiscard]] std::size_t relaying() const;
  void forget_old();

  Options options_;
  runtime::Random random_;
  Awareness awareness_;
  std::vector<runtime::PeerId> order_;  // still to be asked this time round, from the back
  std::map<std::uint64_t, Asked> asked_;
  std::uint64_t next_number_ = 1;
  runtime::Instant period_ends_;
  std::map<runtime::PeerId, RoundTrips> round_trips_;
  std::vector<Question> questions_;
  std::vector<RoundTrip> trips_;
  std::map<runtime::PeerId, int> brought_;  // turns in a row, by whom only others have answered for
  std::vector<runtime::PeerId> cut_off_;
};

}  // namespace gossip
