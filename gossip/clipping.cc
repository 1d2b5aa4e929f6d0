#include "gossip/clipping.h"

#include <bit>
#include <cmath>

#include "kernels/vector.h"
#include "runtime/check.h"

namespace gossip {
namespace {

// More come at once only in a burst.
constexpr std::size_t kFreeMax = 16;

}  // namespace

Clipping::Clipping(double limit, const BlockLayout& layout)
    : layout_(&layout), limit_(limit), pool_(layout.largest_bytes(), kFreeMax) {}

void Clipping::centre_on(std::shared_ptr<const Snapshot> own,
                         const std::vector<double>& squared_norms) {
  CHECK(own->payloads.empty());
  limit_.note_own(squared_norms, *layout_);
  own_ = std::move(own);
}

// z' = z_own + c (z - z_own), where c = tau / |z - z_own|.
Parcel Clipping::clipped(runtime::PeerId from, const Parcel& parcel) {
  const bool has_centre = own_ != nullptr && parcel.block < layout_->parameter_blocks();
  const auto radius = has_centre ? limit_.radius(parcel.block, *layout_) : std::nullopt;
  if (!radius) return parcel;
  CHECK(parcel.of_estimate());
  const std::shared_ptr<std::byte> memory = pool_.take();
  const std::size_t bytes = layout_->bytes(parcel.block);
  const kernels::View z(memory.get(), layout_->range(parcel.block).count, layout_->scalar());
  const kernels::ConstView own = numbers_of(*own_, parcel.block, *layout_);
  kernels::vector::copy(numbers_of(parcel, *layout_), z);
  kernels::vector::axpy(-1.0, own, z);
  const double distance = std::sqrt(kernels::vector::dot(z, z));
  if (distance <= *radius) return parcel;
  note(from);
  if (std::isfinite(distance))
    kernels::vector::scale(*radius / distance, z);
  else
    kernels::vector::fill(0.0, z);  // no direction can be told
  kernels::vector::axpy(1.0, own, z);
  Parcel taken = parcel;
  taken.payload = runtime::Frame(memory, {memory.get(), bytes});
  return taken;
}

void Clipping::note(runtime::PeerId from) {
  ++count_;
  const std::uint64_t count = ++counts_[from];
  if (std::has_single_bit(count)) news_.push_back({from, count});
}

std::uint64_t Clipping::count(runtime::PeerId from) const {
  const auto found = counts_.find(from);
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace gossip
