#include "peers/gossip_thread.h"

#include <algorithm>
#include <array>
#include <span>

namespace peers {
namespace {

// The longest wait for the network, which ends it itself when a message has come or a queue has
// room again. Timers of the exchange wake the thread earlier.
constexpr runtime::Duration kWaitMax{50'000'000};

}  // namespace

GossipThread::GossipThread(Peer& peer, const Parts& parts)
    : peer_(&peer),
      transport_(parts.transport),
      clock_(parts.clock),
      beacons_(parts.beacons),
      thread_([this] { run(); }) {}

GossipThread::~GossipThread() {
  stopping_ = true;
  transport_->wake();
  thread_.join();
}

void GossipThread::run() {
  while (!stopping_) {
    const runtime::Duration until_tick = peer_->next_tick() - clock_->now();
    transport_->wait(std::clamp(until_tick, runtime::Duration::zero(), kWaitMax));
    take_in();
    if (auto authorized = transport_->authorized_keys(); authorized != authorized_) {
      authorized_ = authorized;
      peer_->admit_only(std::move(authorized));
    }
    const runtime::Instant now = clock_->now();
    peer_->tick(now);
    peer_->flush(*transport_, now);
    if (beacons_ != nullptr && now >= beacons_->next_turn() && lets_in()) look_for_beacons(now);
  }
}

// Of peers that began apart, too: this one may be the first of its run only because it heard nobody
// in time.
void GossipThread::look_for_beacons(runtime::Instant now) {
  beacons_->discovery().admit_only(authorized_);
  beacons_->turn(now);
  for (const gossip::Discovery::Found& found : beacons_->discovery().take_found())
    peer_->hear_of(found.peer, found.address, now);
}

// Who is told where this peer is should not find its door shut.
bool GossipThread::lets_in() const {
  return peer_->status().phase == gossip::Phase::kTraining && !peer_->leave_asked();
}

void GossipThread::take_in() {
  const std::size_t count = transport_->receive(deliveries_);
  if (count == 0) return;
  const runtime::Instant now = clock_->now();
  for (runtime::Delivery& delivery : std::span(deliveries_).first(count)) {
    peer_->receive(delivery, now);
    delivery.frames.clear();  // they may be large, and what is kept of them is kept elsewhere
  }
  for (const Peer::Answer& answer : peer_->take_answers())
    transport_->reply(answer.to, answer.frames);
  {
    const std::scoped_lock lock(mutex_);
    ++arrivals_;
  }
  arrived_.notify_one();
}

void GossipThread::wait_for_arrivals(runtime::Duration timeout) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, timeout, [this] { return arrivals_ != arrivals_seen_; });
  arrivals_seen_ = arrivals_;
}

}  // namespace peers
