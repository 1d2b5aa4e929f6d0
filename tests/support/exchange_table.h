#pragma once
// Several ends of the gossip around one table: messages are passed, dropped or kept by hand.

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gossip/exchange.h"
#include "runtime/check.h"
#include "tests/support/deliveries.h"
#include "tests/support/snapshots.h"

namespace test {

inline runtime::Instant at_ms(std::int64_t milliseconds) {
  return runtime::Instant(std::chrono::milliseconds(milliseconds));
}

// What is heard of a delivery in a run of this fingerprint and layout.
inline void hear(gossip::Exchange& exchange, const runtime::Delivery& delivery,
                 runtime::Instant now) {
  const auto decoded = test::decode(delivery);
  if (const auto* refusal = std::get_if<gossip::Refusal>(&decoded))
    exchange.refuse(delivery.from, *refusal);
  std::size_t bytes = 0;
  for (const runtime::Frame& frame : delivery.frames) bytes += frame.size();
  if (const auto* message = std::get_if<gossip::Message>(&decoded))
    exchange.receive(*message, bytes, now);
}

// Peers 0 .. count - 1 over small_layout(), a probe every 100 ms, resends after 200 ms; frozen
// after 30 s.
class ExchangeTable {
 public:
  explicit ExchangeTable(std::size_t count,
                         gossip::Inbox::Order order = gossip::Inbox::Order::kOnArrival,
                         gossip::Acknowledge acknowledge = gossip::Acknowledge::kArrived,
                         bool admits = false, std::optional<gossip::PartialViewOptions> view = {}) {
    for (const runtime::PeerId id : peers(count))
      exchanges_.push_back(std::make_unique<gossip::Exchange>(
          gossip::ExchangeOptions{.self = sender(id),
                                  .admits = admits,
                                  .order = order,
                                  .edge = {.pushes_in_flight_max = 2,
                                           .resend_after = std::chrono::milliseconds(200),
                                           .resend_after_max = std::chrono::milliseconds(800)},
                                  .acknowledge = acknowledge,
                                  .probe_interval = std::chrono::milliseconds(100),
                                  .view = view,
                                  .watched = true,
                                  .frozen_after = std::chrono::seconds(30)},
          small_layout(), gossip::Members(id, peers(count), at_ms(0)), at_ms(0)));
  }

  static gossip::Sender sender(runtime::PeerId id) {
    return {.id = id, .incarnation = 1, .fingerprint = kSender.fingerprint};
  }

  gossip::Exchange& operator[](std::uint64_t peer) { return *exchanges_[peer]; }
  void replace(std::uint64_t peer, std::unique_ptr<gossip::Exchange> next) {
    exchanges_[peer] = std::move(next);
  }

  // What `from` wants to say to `to` on both channels, control first, marked as sent.
  std::vector<runtime::Delivery> take(std::uint64_t from, std::uint64_t to, runtime::Instant now) {
    std::vector<runtime::Delivery> taken;
    gossip::Exchange& exchange = *exchanges_[from];
    for (const auto channel : {runtime::Channel::kControl, runtime::Channel::kBulk}) {
      while (const auto* frames = exchange.next(runtime::PeerId{to}, channel, now)) {
        taken.push_back({runtime::PeerId{from}, channel, *frames});
        exchange.sent(runtime::PeerId{to}, channel, now);
      }
    }
    return taken;
  }

  // The same, and `to` hears it. Returns how many messages passed.
  std::size_t pass(std::uint64_t from, std::uint64_t to, runtime::Instant now) {
    const std::vector<runtime::Delivery> taken = take(from, to, now);
    for (const runtime::Delivery& delivery : taken) hear(*exchanges_[to], delivery, now);
    return taken.size();
  }

  // Everybody passes everything to everybody until nobody has anything to say.
  void settle(runtime::Instant now) {
    for (bool said = true; said;) {
      said = false;
      for (std::uint64_t from = 0; from < exchanges_.size(); ++from)
        for (std::uint64_t to = 0; to < exchanges_.size(); ++to)
          if (from != to && pass(from, to, now) > 0) said = true;
    }
  }

  // Half of x = (1, 2, 3, 4, 5) with weight one, all three blocks.
  void push(std::uint64_t from, std::uint64_t to, std::uint64_t round = 0) {
    exchanges_[from]->push({.to = runtime::PeerId{to},
                            .round = round,
                            .share = 0.5,
                            .snapshot = snapshot_of<double>(small_layout(), {1, 2, 3, 4, 5}),
                            .blocks = all_blocks(small_layout())});
  }

 private:
  std::vector<std::unique_ptr<gossip::Exchange>> exchanges_;
};

}  // namespace test
