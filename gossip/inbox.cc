#include "gossip/inbox.h"

#include <algorithm>
#include <utility>

#include "gossip/aligned_memory.h"
#include "kernels/vector.h"
#include "runtime/check.h"

namespace gossip {
// One set: what has come of every block. A lone parcel is kept as it came, since most rounds bring
// no second: the trainer reads it where the network put it, and nobody writes a sum.
struct Inbox::Accumulators {
  Accumulators(const BlockLayout& blocks, std::vector<AlignedMemory>& room)
      : layout(&blocks),
        unused(&room),
        sums(blocks.block_count()),
        weights(blocks.block_count(), 0.0),
        parcels(blocks.block_count(), 0),
        lone(blocks.block_count()) {}

  // Where the sum of a block goes, once there are two to add.
  [[nodiscard]] kernels::View sum(std::uint32_t block) {
    AlignedMemory& sum = sums[block];
    if (!sum && !unused->empty()) {
      sum = std::move(unused->back());
      unused->pop_back();
    }
    if (!sum) sum = allocate_aligned(layout->bytes(0));  // the first is as large as any
    return {sum.get(), layout->range(block).count, layout->scalar()};
  }

  void add(const Parcel& parcel) {
    const std::uint32_t block = parcel.block;
    weights[block] += parcel.mass();
    if (++parcels[block] == 1) {
      lone[block] = parcel;
      return;
    }
    if (parcels[block] == 2) {
      const Parcel first = std::exchange(lone[block], {});
      kernels::vector::scaled_copy(first.factor(), numbers_of(first, *layout), sum(block));
    }
    kernels::vector::axpy(parcel.factor(), numbers_of(parcel, *layout), sum(block));
  }

  void list_arrivals() {
    for (std::uint32_t block = 0; block < layout->block_count(); ++block) {
      if (parcels[block] == 0) continue;
      BlockArrival& arrival = arrivals.emplace_back();
      arrival.block = block;
      arrival.weight = weights[block];
      if (parcels[block] == 1) arrival.factor = lone[block].factor();
      arrival.numbers = parcels[block] == 1 ? numbers_of(lone[block], *layout) : sum(block);
    }
  }

  void clear() {
    arrivals.clear();
    weights.assign(weights.size(), 0.0);
    parcels.assign(parcels.size(), 0);
    lone.assign(lone.size(), Parcel{});
    for (AlignedMemory& sum : sums)
      if (sum) unused->push_back(std::move(sum));
  }

  const BlockLayout* layout;
  std::vector<AlignedMemory>* unused;
  std::vector<AlignedMemory> sums;  // of blocks of which several came
  std::vector<double> weights;
  std::vector<std::uint32_t> parcels;  // how many came
  std::vector<Parcel> lone;            // the one that came, where it was one
  std::vector<BlockArrival> arrivals;  // of a set that was taken
};

Inbox::Inbox(const BlockLayout& layout, Order order, Clipping* clipping)
    : layout_(&layout),
      order_(order),
      clipping_(clipping),
      filling_(std::make_unique<Accumulators>(layout, unused_)),
      taken_(std::make_unique<Accumulators>(layout, unused_)) {
  unused_.reserve(std::size_t{2} * layout.block_count());
}

Inbox::~Inbox() = default;

bool Inbox::has_room(std::uint64_t round) const {
  return order_ == Order::kOnArrival || round <= taken_before_ ||
         round - taken_before_ <= kRoundsAheadMax;
}

void Inbox::add(runtime::PeerId from, const Parcel& parcel) {
  CHECK(has_room(parcel.round));
  CHECK(order_ == Order::kByRound || parcel.kind != ParcelKind::kDifference);
  if (order_ == Order::kOnArrival) {
    filling_->add(clipped(from, parcel));
    return;
  }
  Waiting& waiting = waiting_[parcel.round][from];
  CHECK(
      waiting.insert({{parcel.block, parcel.sequence}, parcel}).second);  // the edge drops repeats
}

void Inbox::take_back(const Parcel& parcel) {
  if (!is_companion(parcel)) filling_->add(parcel);
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

std::span<const BlockArrival> Inbox::take_before(std::uint64_t round) {
  if (order_ == Order::kByRound) {
    while (!waiting_.empty() && waiting_.begin()->first < round) {
      for (const auto& [sender, parcels] : waiting_.begin()->second)
        for (const auto& [key, parcel] : parcels)
          if (!is_companion(parcel) || parcel.era == era_)
            filling_->add(clipped(sender, meant(sender, parcel)));
      waiting_.erase(waiting_.begin());
    }
    taken_before_ = std::max(taken_before_, round);
  }
  taken_->clear();
  std::swap(filling_, taken_);
  taken_->list_arrivals();
  return taken_->arrivals;
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

void Inbox::drop_taken() { taken_->clear(); }

bool Inbox::empty() const {
  for (const std::uint32_t parcels : filling_->parcels)
    if (parcels > 0) return false;
  return waiting_.empty();
}

double Inbox::weight() const {
  double sum = 0.0;
  for (const double weight : filling_->weights) sum += weight;
  for (const auto& [round, senders] : waiting_)
    for (const auto& [sender, parcels] : senders)
      for (const auto& [key, parcel] : parcels) sum += parcel.mass();
  return sum;
}

}  // namespace gossip
