#include "peers/driver.h"

#include <algorithm>
#include <optional>

#include "peers/gossip_thread.h"
#include "runtime/cpu_set.h"

namespace peers {
namespace {

using gossip::Phase;

// Stop requests and the observer are looked at this often while nothing else happens.
constexpr runtime::Duration kPatience{50'000'000};
// A leaving peer hands over again where an heir, or a receiver of an earlier push, died meanwhile.
constexpr int kHandOversMax = 3;

class Run {
 public:
  Run(Peer& peer, const DriverParts& parts)
      : peer_(&peer),
        clock_(parts.clock),
        stop_(parts.stop),
        observer_(parts.observer),
        gossip_(peer, {parts.transport, parts.clock, parts.beacons}) {}

  Ending until_done() {
    while (true) {
      const runtime::Instant now = clock_->now();
      const Phase phase = peer_->advance(now);
      observer_->now_and_then(*peer_, now);
      if (stop_->requested() || peer_->leave_asked()) return ended(Ending::kStopped);
      if (peer_->diverged()) return ended(Ending::kDiverged);
      if (peer_->finished()) return ended(Ending::kDone);
      if (phase == Phase::kTraining && !peer_->averaging()) {
        take_step();
      } else if (phase <= Phase::kSettling) {
        take_mixing_round(phase);
      } else {
        mix();  // what still comes is acknowledged once it is folded
        gossip_.wait_for_arrivals(kPatience);
      }
    }
  }

 private:
  void take_step() {
    if (!peer_->ready()) {
      peer_->note_blocked(wait_for_others());
      return;
    }
    waiting_since_.reset();
    mix();
    const runtime::Instant before = clock_->now();
    const double loss = peer_->compute();
    const runtime::Instant after = clock_->now();
    peer_->note_step_time(after - before);
    if (peer_->diverged()) return;
    if (peer_->push_planned()) push();
    observer_->after_step(*peer_, loss, after);
  }

  // Amid an average all that train are mixing, and none waits for longer than it must. A peer that
  // is done with its steps mixes at the pace at which it trained: it passes on what others learn
  // without taking the cores from them.
  void take_mixing_round(Phase phase) {
    if (!peer_->ready()) {
      const runtime::Duration waited = wait_for_others();
      if (phase == Phase::kTraining) peer_->note_blocked(waited);
      return;
    }
    waiting_since_.reset();
    mix();
    const Phase now = peer_->advance(clock_->now());
    if (now != phase) return;
    const bool handed = push();
    if (phase == Phase::kMixing || (phase == Phase::kSettling && !handed)) {
      gossip_.wait_for_arrivals(std::min(
          kPatience,
          runtime::from_seconds(peer_->mean_step_seconds()) + runtime::Duration(1'000'000)));
    }
  }

  runtime::Duration wait_for_others() {
    const runtime::Instant before = clock_->now();
    if (!waiting_since_) waiting_since_ = before;
    gossip_.wait_for_arrivals(kPatience);
    const runtime::Instant after = clock_->now();
    observer_->waits(*peer_, after - *waiting_since_);
    return after - before;
  }

  void mix() {
    peer_->mix();
    gossip_.wake();  // acknowledgements
  }

  bool push() {
    const bool handed = peer_->push();
    if (handed) gossip_.wake();
    return handed;
  }

  template <typename Condition>
  void wait_until(Condition reached, runtime::Duration longest) {
    const runtime::Instant since = clock_->now();
    while (!reached() && clock_->now() - since < longest)
      gossip_.wait_for_arrivals(runtime::Duration(5'000'000));
  }

  Ending ended(Ending ending) {
    if (ending == Ending::kDone) peer_->mix();  // what came since the last round
    if (ending == Ending::kStopped) {
      peer_->mix();
      observer_->before_leaving(*peer_);
      for (int turn = 0; turn < kHandOversMax && peer_->hand_over(); ++turn) {
        gossip_.wake();
        wait_until([this] { return peer_->quiet() || peer_->holds_returned_mass(); }, kHandOverMax);
        if (!peer_->holds_returned_mass()) break;
      }
    }
    peer_->advance(clock_->now());
    peer_->say_goodbye();
    gossip_.wake();
    wait_until([this] { return peer_->quiet(); }, kGoodbyeMax);
    return ending;
  }

  Peer* peer_;
  const runtime::Clock* clock_;
  const runtime::StopSignal* stop_;
  Observer* observer_;
  std::optional<runtime::Instant> waiting_since_;
  GossipThread gossip_;
};

}  // namespace

Ending run_until_done(Peer& peer, const DriverParts& parts) {
  Run run(peer, parts);
  // After the gossip thread has started: it and the network's threads go wherever there is room.
  // Cores that cannot be had cost speed, nothing else.
  if (!parts.cores.empty()) static_cast<void>(runtime::pin_this_thread(parts.cores));
  return run.until_done();
}

}  // namespace peers
