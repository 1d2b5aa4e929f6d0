// The part of Peer that takes in what has arrived.
#include <optional>
#include <utility>

#include "peers/peer.h"

namespace peers {

// Not where somebody reads off the mass at once what the push has brought, or what goes out is made
// on the host.
bool Peer::copies_beside() const {
  return options_.copies_beside && !parts_.backend->is_host() && options_.pace != Pace::kSync &&
         phase_ == gossip::Phase::kTraining && !overlap_ && parts_.correction == nullptr &&
         parts_.outer == nullptr && parts_.participation == nullptr &&
         (parts_.distances == nullptr || parts_.distances->sketches_on(*parts_.backend)) &&
         options_.norm_limit == 0.0 && parts_.parcels == gossip::ParcelKind::kMass &&
         mass_.begins_pushes();
}

void Peer::fold_before(std::uint64_t round, Fold fold) {
  std::vector<gossip::AlignedMemory> unused = mass_.end_folds();
  std::uint64_t era = 0;
  {
    const std::scoped_lock lock(mutex_);
    for (gossip::AlignedMemory& memory : unused) exchange_->inbox().give_back(std::move(memory));
    exchange_->begin_fold(round);
    era = exchange_->inbox().era();
  }
  if (std::exchange(era_, era) != era && parts_.correction != nullptr)
    parts_.correction->reset_companions(mass_);
  for (std::uint32_t block = 0; block < parts_.layout->block_count(); ++block)
    fold_block(block, round, fold);
  const std::scoped_lock lock(mutex_);
  exchange_->inbox().drop_taken();
}

void Peer::fold_block(std::uint32_t block, std::uint64_t round, Fold fold) {
  if (fold == Fold::kBeside) {
    std::optional<gossip::Inbox::Owned> owned;
    {
      const std::scoped_lock lock(mutex_);
      owned = exchange_->inbox().take_away(block);
    }
    if (owned) mass_.begin_fold(owned->arrival, std::move(owned->memory));
    return;
  }
  std::optional<gossip::BlockArrival> arrival;
  {
    const std::scoped_lock lock(mutex_);
    arrival = exchange_->inbox().take(block, round);
  }
  if (arrival) mass_.fold(*arrival);
}

}  // namespace peers
