#include "gossip/requests.h"

#include <utility>

#include "runtime/check.h"

namespace gossip {

void Requests::asked(runtime::PeerId peer) {
  CHECK(!awaited_);
  if (blocks_ > 0) awaited_ = Answer{peer, blocks_};
}

void Requests::heard_mass(runtime::PeerId from) {
  if (awaited_ && awaited_->from == from && awaited_->blocks_missing > 0)
    --awaited_->blocks_missing;
}

void Requests::folded() {
  if (awaited_ && awaited_->blocks_missing == 0) awaited_.reset();
}

bool Requests::add(runtime::PeerId from, const Parcel& parcel) {
  return waiting_[from].try_emplace(parcel.block, parcel).second;
}

std::optional<runtime::PeerId> Requests::next(
    const std::function<bool(runtime::PeerId)>& can_be_answered) const {
  for (const auto& [asker, parcels] : waiting_)
    if (parcels.size() == blocks_ && can_be_answered(asker)) return asker;
  return std::nullopt;
}

std::vector<Parcel> Requests::take(runtime::PeerId from) {
  std::vector<Parcel> parcels;
  const auto found = waiting_.find(from);
  if (found == waiting_.end()) return parcels;
  for (auto& [block, parcel] : found->second) parcels.push_back(std::move(parcel));
  waiting_.erase(found);
  return parcels;
}

std::vector<runtime::PeerId> Requests::askers() const {
  std::vector<runtime::PeerId> askers;
  for (const auto& [asker, parcels] : waiting_) askers.push_back(asker);
  return askers;
}

void Requests::part_from(runtime::PeerId peer) {
  if (awaited_ && awaited_->from == peer) awaited_.reset();
}

double Requests::weight() const {
  double sum = 0.0;
  for (const auto& [asker, parcels] : waiting_)
    for (const auto& [block, parcel] : parcels) sum += parcel.mass();
  return sum;
}

}  // namespace gossip
