#pragma once
// The network in virtual time: the same contract as ZmqTransport, with faults, inside one thread.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "runtime/clock.h"
#include "runtime/peer_id.h"
#include "runtime/transport.h"

namespace runtime {

// Messages of one link and channel that are on their way or wait for receive(); with more, send()
// says kQueueFull. As many as two ZmqTransports hold, 32 at each end.
inline constexpr std::size_t kSimQueueMessagesMax = 64;

// How one direction of one link behaves. Probabilities are per message, in [0, 1].
struct Link {
  Duration delay{1'000'000};  // one way, for the first byte
  double bandwidth_bytes =
      0.0;  // per second; 0: infinite. Messages of one channel queue behind each other
  double loss_probability = 0.0;
  double duplicate_probability = 0.0;  // the copy takes a delay of its own
  double reorder_probability =
      0.0;           // such a message takes up to four extra delays, so that later ones overtake it
  bool cut = false;  // what is sent is lost; what is under way still arrives
};

// A network and the time it runs in. Everything that happens is an event in one queue ordered by
// (instant, sequence number), so a seed and a build fix a run bit for bit.
class SimNetwork {
 public:
  SimNetwork(std::uint32_t peer_count,
             std::uint64_t seed);  // peers are PeerId{0} .. PeerId{peer_count - 1}
  ~SimNetwork();
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  // What peer `id` gets where the real program has a ZmqTransport and a WallClock.
  [[nodiscard]] Transport& transport_of(PeerId id);
  [[nodiscard]] const Clock& clock() const;

  [[nodiscard]] Link& link(PeerId from, PeerId to);
  void set_all_links(const Link& link);

  // A crashed peer's transport takes nothing and receives nothing, and nobody's takes anything for
  // it; what was queued for it, or had not left it, is lost.
  // `alive` again: a transport with empty queues.
  void set_alive(PeerId id, bool alive);

  // Compute time, timers, faults, checks. Runs `action` when time reaches `when` (not before now).
  void call_at(Instant when, std::function<void()> action);

  // Called right after a message has become available to `id`'s receive().
  void on_arrival(PeerId id, std::function<void()> action);

  // Moves time to the next event and runs it. False when nothing is left to happen.
  bool run_next_event();
  [[nodiscard]] std::uint64_t events_run() const;

  // Folds every event so far into one number. Two runs of one seed agree, or entropy leaked in.
  [[nodiscard]] std::uint64_t fingerprint() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace runtime
