// The part of Peer that comes into a run, lets others in, and leaves.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/vector.h"
#include "peers/peer.h"
#include "runtime/check.h"

namespace peers {

void Peer::meet(const std::vector<gossip::Contact>& contacts, bool came_back,
                runtime::Instant now) {
  exchange_->meet(contacts, came_back && options_.admits, now);
}

void Peer::join(const std::vector<gossip::Contact>& contacts, kernels::ConstView estimate,
                std::uint64_t step, runtime::Instant now) {
  CHECK(step_ == 0 && round_ == 0);
  restart(estimate);
  step_ = std::min(step, options_.steps);
  if (parts_.batches != nullptr) parts_.batches->start_at(step_);
  exchange_->set_progress({phase_, steps_behind(), step_seconds_, round_});
  exchange_->meet(contacts, true, now);
  shared_.members = exchange_->members().living().size();
}

// With weight one, whatever was under way.
void Peer::restart(kernels::ConstView estimate) {
  mass_.restart(estimate);
  begin_own_statistics();
  copy_stale_ = true;
  round_open_ = false;
  push_due_ = false;
  learning_rate_sum_ = 0.0;
  note_own();
  start_parts();
}

// The others took this peer for dead: it stood still, or was cut off. Its mass is void to them;
// what it has learned is not.
void Peer::come_back_if_expelled(runtime::Instant now) {
  if (!options_.admits || phase_ == gossip::Phase::kDrained) return;
  {
    const std::scoped_lock lock(mutex_);
    if (!exchange_->expelled()) return;
  }
  deliver();
  if (!overlapping()) {
    fold_before(std::numeric_limits<std::uint64_t>::max());
    copy_stale_ = true;
  }
  std::vector<std::byte> numbers(estimate().bytes());
  const kernels::View host(numbers.data(), estimate().count(), estimate().scalar());
  parts_.backend->download(estimate(), host);
  restart(host);
  const std::scoped_lock lock(mutex_);
  exchange_ = exchange_->next_life(now);
}

// On a host the snapshot is no copy.
void Peer::note_own() {
  if (options_.norm_limit == 0.0) return;
  const std::shared_ptr<const gossip::Snapshot> own = mass_.snapshot();
  std::vector<double> squared;
  for (std::uint32_t block = 0; block < parts_.layout->block_count(); ++block) {
    const kernels::ConstView z = gossip::numbers_of(*own, block, *parts_.layout);
    squared.push_back(kernels::vector::dot(z, z));
  }
  const std::scoped_lock lock(mutex_);
  exchange_->note_own(own, squared);
}

// Newcomers are given a copy of this peer's mass, of which they read the estimate.
void Peer::donate_if_wanted() {
  {
    const std::scoped_lock lock(mutex_);
    if (!exchange_->donation_wanted()) return;
  }
  const std::shared_ptr<const gossip::Snapshot> snapshot = mass_.snapshot();
  if (!snapshot->finite) return;
  const std::scoped_lock lock(mutex_);
  exchange_->donate(snapshot);
}

bool Peer::hand_over() {
  deliver();
  {
    // What arrives from now on would vanish with this peer; not acknowledged, it returns to its
    // sender.
    const std::scoped_lock lock(mutex_);
    exchange_->close_inbox();
  }
  fold_before(std::numeric_limits<std::uint64_t>::max());
  std::vector<std::uint32_t> blocks;
  for (std::uint32_t block = 0; block < parts_.layout->block_count(); ++block)
    blocks.push_back(block);
  const std::shared_ptr<const gossip::Snapshot> snapshot = mass_.snapshot();
  if (!snapshot->finite) return false;
  const std::scoped_lock lock(mutex_);
  const std::vector<runtime::PeerId> heirs = exchange_->heirs();
  if (heirs.empty()) return false;
  // Where every edge is full, beyond its limit: mass that stays here is lost.
  const runtime::PeerId heir = heirs.front();
  exchange_->push({heir, round_, 1.0, snapshot, blocks});
  for (const std::uint32_t block : blocks) mass_.keep(block, 0.0);
  return true;
}

void Peer::admit_only(std::shared_ptr<const runtime::KeyNames> authorized) {
  const std::scoped_lock lock(mutex_);
  exchange_->admit_only(std::move(authorized));
}

void Peer::hear_of(runtime::PeerId peer, const runtime::Address& address, runtime::Instant now) {
  const std::scoped_lock lock(mutex_);
  exchange_->hear_of(peer, address, now);
}

bool Peer::holds_returned_mass() const {
  const std::scoped_lock lock(mutex_);
  return !exchange_->inbox().empty();
}

void Peer::say_goodbye() {
  const std::scoped_lock lock(mutex_);
  exchange_->say_goodbye();
}

bool Peer::quiet() const {
  const std::scoped_lock lock(mutex_);
  return !outgoing_ && exchange_->quiet();
}

}  // namespace peers
