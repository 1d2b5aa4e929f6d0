// The part of Peer that comes into a run, lets others in, and leaves.
#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "peers/peer.h"
#include "runtime/check.h"

namespace peers {

void Peer::meet(const std::vector<gossip::Contact>& contacts, bool came_back,
                runtime::Instant now) {
  exchange_.meet(contacts, came_back && options_.admits, now);
}

void Peer::join(const std::vector<gossip::Contact>& contacts, kernels::ConstView estimate,
                std::uint64_t step, runtime::Instant now) {
  CHECK(step_ == 0 && round_ == 0);
  mass_.restart(estimate);
  estimate_stale_ = true;
  start_parts();
  step_ = std::min(step, options_.steps);
  exchange_.set_progress({phase_, step_, step_seconds_, round_});
  exchange_.meet(contacts, true, now);
  shared_.members = exchange_.members().living().size();
}

// Newcomers are given a copy of this peer's mass, of which they read the estimate.
void Peer::donate_if_wanted() {
  {
    const std::scoped_lock lock(mutex_);
    if (!exchange_.donation_wanted()) return;
  }
  const std::shared_ptr<const gossip::Snapshot> snapshot = mass_.snapshot();
  if (!snapshot->finite) return;
  const std::scoped_lock lock(mutex_);
  exchange_.donate(snapshot);
}

bool Peer::hand_over() {
  {
    // What arrives from now on would vanish with this peer; not acknowledged, it returns to its
    // sender.
    const std::scoped_lock lock(mutex_);
    exchange_.close_inbox();
  }
  fold_before(std::numeric_limits<std::uint64_t>::max());
  std::vector<std::uint32_t> blocks;
  for (std::uint32_t block = 0; block < parts_.layout->block_count(); ++block)
    blocks.push_back(block);
  const std::shared_ptr<const gossip::Snapshot> snapshot = mass_.snapshot();
  if (!snapshot->finite) return false;
  const std::scoped_lock lock(mutex_);
  const std::vector<runtime::PeerId> heirs = exchange_.heirs();
  if (heirs.empty()) return false;
  // Where every edge is full, beyond its limit: mass that stays here is lost.
  const runtime::PeerId heir = heirs.front();
  exchange_.push({heir, round_, 1.0, snapshot, blocks});
  for (const std::uint32_t block : blocks) mass_.keep(block, 0.0);
  return true;
}

bool Peer::holds_returned_mass() const {
  const std::scoped_lock lock(mutex_);
  return !exchange_.inbox().empty();
}

void Peer::say_goodbye() {
  const std::scoped_lock lock(mutex_);
  exchange_.say_goodbye();
}

bool Peer::quiet() const {
  const std::scoped_lock lock(mutex_);
  return exchange_.quiet();
}

}  // namespace peers
