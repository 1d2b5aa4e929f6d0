#pragma once
// One peer in wall time: the only place that waits.

#include <cstdint>
#include <span>

#include "peers/beacons.h"
#include "peers/peer.h"
#include "runtime/clock.h"
#include "runtime/stop_signal.h"
#include "runtime/zmq_transport.h"

namespace peers {

enum class Ending : std::uint8_t {
  kDone,      // all steps taken, everybody finished, nothing under way
  kStopped,   // asked to stop, by a signal or a message: the mass was handed over, or there was
              // nobody to take it
  kDiverged,  // a loss that is not finite; nothing was pushed after it
};

// Told by the trainer's thread what happens; for records and progress.
class Observer {
 public:
  Observer() = default;
  virtual ~Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  virtual void after_step(Peer& peer, double loss, runtime::Instant now) = 0;
  virtual void now_and_then(
      Peer& peer, runtime::Instant now) = 0;  // between rounds, a few times a second at least
  // The next round may not begin for so long already; now and then meanwhile.
  virtual void waits(const Peer& peer, runtime::Duration so_far) = 0;
  virtual void before_leaving(
      Peer& peer) = 0;  // stopped early: the last moment at which the estimate can be read
};

// A peer that leaves waits for so long until what it handed over is acknowledged, and then until
// its goodbye is out.
inline constexpr runtime::Duration kHandOverMax{1'000'000'000};
inline constexpr runtime::Duration kGoodbyeMax{300'000'000};

// What the driver works with. All outlive the run.
struct DriverParts {
  runtime::ZmqTransport* transport = nullptr;
  const runtime::Clock* clock = nullptr;
  const runtime::StopSignal* stop = nullptr;
  Observer* observer = nullptr;
  Beacons* beacons = nullptr;       // null: nobody is told where this peer is
  std::span<const unsigned> cores;  // that training keeps to; empty: wherever the system puts it
};

// Runs `peer` until it is done or stopped. Starts the gossip thread, which owns the transport
// meanwhile, and trains on the calling thread.
[[nodiscard]] Ending run_until_done(Peer& peer, const DriverParts& parts);

}  // namespace peers
