#include "gossip/inbox.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "gossip/aligned_memory.h"
#include "kernels/vector.h"
#include "runtime/check.h"

namespace gossip {
namespace {

kernels::ConstView payload_of(const Parcel& parcel, const BlockLayout& layout) {
  const std::span<const std::byte> bytes = parcel.payload.bytes();
  const std::size_t number_bytes = kernels::bytes_of(layout.scalar());
  CHECK(bytes.size() == layout.bytes(parcel.block));
  CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % number_bytes == 0);
  return {bytes.data(), bytes.size() / number_bytes, layout.scalar()};
}

}  // namespace

// One set: a sum and a weight for every block that something has come for.
struct Inbox::Accumulators {
  explicit Accumulators(const BlockLayout& blocks)
      : layout(&blocks),
        memory(allocate_aligned(blocks.parameter_count() * kernels::bytes_of(blocks.scalar()))),
        weights(blocks.block_count(), 0.0),
        filled(blocks.block_count(), false) {}

  [[nodiscard]] kernels::View x(std::uint32_t block) const {
    const BlockRange range = layout->range(block);
    const std::size_t offset = range.offset * kernels::bytes_of(layout->scalar());
    return {memory.get() + offset, range.count, layout->scalar()};
  }

  // The first arrival overwrites: it saves a pass of zeros over the whole model.
  void add(const Parcel& parcel) {
    const kernels::ConstView payload = payload_of(parcel, *layout);
    if (filled[parcel.block])
      kernels::vector::axpy(parcel.share, payload, x(parcel.block));
    else
      kernels::vector::scaled_copy(parcel.share, payload, x(parcel.block));
    filled[parcel.block] = true;
    weights[parcel.block] += parcel.mass();
  }

  void list_arrivals() {
    for (std::uint32_t block = 0; block < layout->block_count(); ++block)
      if (filled[block])
        arrivals.push_back({.block = block, .weight = weights[block], .x = x(block)});
  }

  void clear() {
    arrivals.clear();
    weights.assign(weights.size(), 0.0);
    filled.assign(filled.size(), false);
  }

  const BlockLayout* layout;
  AlignedMemory memory;
  std::vector<double> weights;
  std::vector<bool> filled;
  std::vector<BlockArrival> arrivals;  // of a set that was taken
};

Inbox::Inbox(const BlockLayout& layout, Order order)
    : layout_(&layout),
      order_(order),
      filling_(std::make_unique<Accumulators>(layout)),
      taken_(std::make_unique<Accumulators>(layout)) {}

Inbox::~Inbox() = default;

bool Inbox::has_room(std::uint64_t round) const {
  return order_ == Order::kOnArrival || round <= taken_round_ ||
         round - taken_round_ <= kRoundsAheadMax;
}

void Inbox::add(runtime::PeerId from, const Parcel& parcel) {
  CHECK(has_room(parcel.round));
  if (order_ == Order::kOnArrival) {
    filling_->add(parcel);
    return;
  }
  Waiting& waiting = waiting_[parcel.round][from];
  CHECK(
      waiting.insert({{parcel.block, parcel.sequence}, parcel}).second);  // the edge drops repeats
}

void Inbox::take_back(const Parcel& parcel) { filling_->add(parcel); }

bool Inbox::complete(std::uint64_t round, std::span<const runtime::PeerId> senders) const {
  if (senders.empty() || layout_->block_count() == 0) return true;
  const auto of_round = waiting_.find(round);
  if (of_round == waiting_.end()) return false;
  for (const runtime::PeerId sender : senders) {
    const auto found = of_round->second.find(sender);
    if (found == of_round->second.end()) return false;
    for (std::uint32_t block = 0; block < layout_->block_count(); ++block) {
      const auto first = found->second.lower_bound({block, 0});
      if (first == found->second.end() || first->first.first != block) return false;
    }
  }
  return true;
}

std::span<const BlockArrival> Inbox::take(std::uint64_t round) {
  if (order_ == Order::kByRound) {
    while (!waiting_.empty() && waiting_.begin()->first <= round) {
      for (const auto& [sender, parcels] : waiting_.begin()->second)
        for (const auto& [key, parcel] : parcels) filling_->add(parcel);
      waiting_.erase(waiting_.begin());
    }
    taken_round_ = std::max(taken_round_, round);
  }
  std::swap(filling_, taken_);
  filling_->clear();
  taken_->list_arrivals();
  return taken_->arrivals;
}

bool Inbox::empty() const {
  for (const bool filled : filling_->filled)
    if (filled) return false;
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
