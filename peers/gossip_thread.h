#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "peers/beacons.h"
#include "peers/peer.h"
#include "runtime/clock.h"
#include "runtime/zmq_transport.h"

namespace peers {

// The thread that owns the sockets: takes in what arrives, sends what is due, keeps the timers of
// one peer. Runs from construction to destruction.
class GossipThread {
 public:
  // All outlive it.
  struct Parts {
    runtime::ZmqTransport* transport = nullptr;
    const runtime::Clock* clock = nullptr;
    Beacons* beacons = nullptr;  // null: nobody is told where this peer is
  };
  GossipThread(Peer& peer, const Parts& parts);
  ~GossipThread();
  GossipThread(const GossipThread&) = delete;
  GossipThread& operator=(const GossipThread&) = delete;

  void wake() { transport_->wake(); }  // there is something to send

  // Waits on the trainer's thread until something arrived after the last call, or `timeout` has
  // passed.
  void wait_for_arrivals(runtime::Duration timeout);

 private:
  void run();
  [[nodiscard]] bool lets_in() const;
  void look_for_beacons(runtime::Instant now);
  void take_in();

  Peer* peer_;
  runtime::ZmqTransport* transport_;
  const runtime::Clock* clock_;
  Beacons* beacons_;
  std::shared_ptr<const runtime::KeyNames> authorized_;  // as the peer was told
  static constexpr std::size_t kDeliveriesPerTurn = 16;
  std::array<runtime::Delivery, kDeliveriesPerTurn> deliveries_;  // of a turn
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::uint64_t arrivals_ = 0;
  std::uint64_t arrivals_seen_ = 0;
  std::thread thread_;  // last: everything above is there before it runs
};

}  // namespace peers
