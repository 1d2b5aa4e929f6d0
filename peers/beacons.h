#pragma once
// [membership] discovery = "beacon": drives gossip::Discovery over the real network.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gossip/beacon.h"
#include "runtime/beacon_socket.h"
#include "runtime/clock.h"
#include "runtime/result.h"
#include "runtime/stop_signal.h"

namespace peers {

class Beacons {
 public:
  // Refused: the port cannot be had.
  [[nodiscard]] static runtime::Result<std::unique_ptr<Beacons>> open(
      const gossip::Discovery::Options& options, std::uint16_t port, runtime::Instant now);

  // Hears what has come and says what is due. Does not wait; one thread at a time.
  void turn(runtime::Instant now);
  [[nodiscard]] runtime::Instant next_turn() const { return turn_at_; }

  // Waits until members are found or this peer is the first; also ends at a request to stop.
  [[nodiscard]] gossip::Discovery::State seek(const runtime::Clock& clock,
                                              const runtime::StopSignal& stop);
  [[nodiscard]] gossip::Discovery& discovery() { return discovery_; }

 private:
  Beacons(const gossip::Discovery::Options& options, runtime::Instant now,
          std::unique_ptr<runtime::BeaconSocket> socket)
      : discovery_(options, now), socket_(std::move(socket)), turn_at_(now) {}

  gossip::Discovery discovery_;
  std::unique_ptr<runtime::BeaconSocket> socket_;
  runtime::Instant turn_at_;
};

}  // namespace peers
