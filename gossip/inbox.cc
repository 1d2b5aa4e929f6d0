#include "gossip/inbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gossip/aligned_memory.h"
#include "kernels/vector.h"
#include "runtime/check.h"

namespace gossip {

Inbox::Inbox(const BlockLayout& layout, Order order, Clipping* clipping, MakeMemory make_memory)
    : layout_(&layout),
      order_(order),
      clipping_(clipping),
      make_memory_(std::move(make_memory)),
      sums_(layout.block_count()) {
  unused_.reserve(layout.block_count() + std::size_t{1});
}

bool Inbox::has_room(std::uint64_t round) const {
  return order_ == Order::kOnArrival || round <= taken_before_ ||
         round - taken_before_ <= kRoundsAheadMax;
}

void Inbox::add(runtime::PeerId from, const Parcel& parcel) {
  CHECK(has_room(parcel.round));
  CHECK(order_ == Order::kByRound || parcel.kind != ParcelKind::kDifference);
  if (order_ == Order::kOnArrival) {
    add_up(clipped(from, parcel));
    return;
  }
  Waiting& waiting = waiting_[parcel.round][from];
  CHECK(
      waiting.insert({{parcel.block, parcel.sequence}, parcel}).second);  // the edge drops repeats
}

void Inbox::take_back(const Parcel& parcel) {
  if (!is_companion(parcel)) add_up(parcel);
}

std::uint64_t Inbox::latest_era(std::uint64_t round) const {
  std::uint64_t latest = era_;
  for (auto it = waiting_.begin(); it != waiting_.end() && it->first < round; ++it)
    for (const auto& [sender, parcels] : it->second)
      for (const auto& [key, parcel] : parcels) latest = std::max(latest, parcel.era);
  return latest;
}

bool Inbox::complete(std::uint64_t round, std::span<const runtime::PeerId> senders,
                     std::span<const std::uint32_t> blocks) const {
  if (senders.empty() || blocks.empty()) return true;
  const auto of_round = waiting_.find(round);
  if (of_round == waiting_.end()) return false;
  for (const runtime::PeerId sender : senders) {
    const auto found = of_round->second.find(sender);
    if (found == of_round->second.end()) return false;
    for (const std::uint32_t block : blocks) {
      const auto first = found->second.lower_bound({block, 0});
      if (first == found->second.end() || first->first.first != block) return false;
    }
  }
  return true;
}

kernels::View Inbox::numbers_of_sum(std::uint32_t block, const Sum& sum) const {
  return {sum.numbers.get(), layout_->range(block).count, layout_->scalar()};
}

void Inbox::add_up(const Parcel& parcel) {
  Sum& sum = sums_[parcel.block];
  sum.weight += parcel.mass();
  if (!sum.numbers) {
    if (unused_.empty()) unused_.push_back(make_memory_(layout_->bytes(0)));
    sum.numbers = std::move(unused_.back());
    unused_.pop_back();
    sum.factor = parcel.factor();
    kernels::vector::copy(numbers_of(parcel, *layout_), numbers_of_sum(parcel.block, sum));
    return;
  }
  const kernels::View x = numbers_of_sum(parcel.block, sum);
  if (sum.factor != 1.0) kernels::vector::scale(std::exchange(sum.factor, 1.0), x);
  kernels::vector::axpy(parcel.factor(), numbers_of(parcel, *layout_), x);
}

void Inbox::add_up_before(std::uint64_t round, std::uint32_t block) {
  for (auto senders = waiting_.begin(); senders != waiting_.end() && senders->first < round;) {
    for (auto sender = senders->second.begin(); sender != senders->second.end();) {
      add_up_of(sender->first, sender->second, block);
      sender = sender->second.empty() ? senders->second.erase(sender) : std::next(sender);
    }
    senders = senders->second.empty() ? waiting_.erase(senders) : std::next(senders);
  }
}

void Inbox::add_up_of(runtime::PeerId from, Waiting& parcels, std::uint32_t block) {
  for (auto it = parcels.lower_bound({block, 0}); it != parcels.end() && it->first.first == block;
       it = parcels.erase(it)) {
    if (is_companion(it->second) && it->second.era != era_) continue;
    Parcel parcel = clipped(from, meant(from, it->second));
    if (!lone_ && !sums_[block].numbers) {
      lone_ = std::move(parcel);
      continue;
    }
    if (lone_) add_up(*std::exchange(lone_, std::nullopt));
    add_up(parcel);
  }
}

std::optional<BlockArrival> Inbox::take(std::uint32_t block, std::uint64_t round) {
  drop_taken();
  if (order_ == Order::kByRound) {
    add_up_before(round, block);
    taken_before_ = std::max(taken_before_, round);
  }
  if (lone_)
    return BlockArrival{block, lone_->mass(), lone_->factor(), numbers_of(*lone_, *layout_)};
  taken_ = std::exchange(sums_[block], Sum{});
  if (!taken_.numbers) return std::nullopt;
  return BlockArrival{block, taken_.weight, taken_.factor, numbers_of_sum(block, taken_)};
}

void Inbox::drop_taken() {
  lone_.reset();
  if (taken_.numbers) unused_.push_back(std::move(taken_.numbers));
}

std::optional<Inbox::Owned> Inbox::take_away(std::uint32_t block) {
  CHECK(order_ == Order::kOnArrival);
  std::optional<BlockArrival> arrival = take(block, 0);
  if (!arrival) return std::nullopt;
  return Owned{*arrival, std::move(taken_.numbers)};
}

// As many as the layout has blocks may be kept; what a former inbox gave goes.
void Inbox::give_back(AlignedMemory memory) {
  if (unused_.size() < sums_.size()) unused_.push_back(std::move(memory));
}

Parcel Inbox::meant(runtime::PeerId from, const Parcel& parcel) {
  if (parcel.kind != ParcelKind::kDifference) return parcel;
  PublicCopy& copy = copies_.try_emplace(from, *layout_).first->second;
  Parcel plain = parcel;
  plain.payload = copy.add(parcel.block, numbers_of(parcel, *layout_));
  return plain;
}

Parcel Inbox::clipped(runtime::PeerId from, const Parcel& parcel) {
  return clipping_ == nullptr ? parcel : clipping_->clipped(from, parcel);
}

bool Inbox::empty() const {
  return waiting_.empty() &&
         std::ranges::none_of(sums_, [](const Sum& sum) { return sum.numbers != nullptr; });
}

double Inbox::weight() const {
  double total = 0.0;
  for (const Sum& sum : sums_) total += sum.weight;
  for (const auto& [round, senders] : waiting_)
    for (const auto& [sender, parcels] : senders)
      for (const auto& [key, parcel] : parcels) total += parcel.mass();
  return total;
}

}  // namespace gossip
