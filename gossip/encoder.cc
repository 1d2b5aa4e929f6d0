#include "gossip/encoder.h"

#include <utility>

#include "gossip/digest.h"
#include "kernels/vector.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace gossip {
namespace {

// As many snapshots as a steady run has in flight; see Mass.
constexpr std::size_t kFreeMax = 4;

std::size_t stride_of(const Codec& codec, const BlockLayout& layout) {
  constexpr auto kLine = static_cast<std::size_t>(kCacheLine);
  const std::size_t bytes = codec.payload_bytes(layout.largest_block(), layout.scalar());
  return (bytes + kLine - 1) / kLine * kLine;
}

}  // namespace

Encoder::Encoder(const Codec& codec, const BlockLayout& layout)
    : codec_(&codec),
      layout_(&layout),
      stride_(stride_of(codec, layout)),
      pool_(stride_ * layout.block_count(), kFreeMax) {}

void Encoder::begin(std::uint64_t seed, ParcelKind kind) {
  seed_ = seed;
  memory_ = pool_.take();
  snapshot_ = snapshots_.take();
  snapshot_->begin(kind, codec_->id(), layout_->block_count());
}

std::span<const std::byte> Encoder::add(std::uint32_t block, kernels::ConstView x, double weight) {
  CHECK(x.count() == layout_->range(block).count && x.scalar() == layout_->scalar());
  if (!kernels::vector::all_finite(x)) {
    snapshot_->finite = false;
    return {};
  }
  const std::span<std::byte> payload(memory_.get() + block * stride_,
                                     codec_->payload_bytes(x.count(), x.scalar()));
  codec_->encode(x, runtime::mix_bits(seed_ + block), payload);
  snapshot_->weights[block] = weight;
  snapshot_->checksums[block] = checksum(payload);
  snapshot_->payloads[block] = runtime::Frame(memory_, payload);
  return payload;
}

void Encoder::say(std::uint32_t block, runtime::Frame x) { snapshot_->said[block] = std::move(x); }

std::shared_ptr<const Snapshot> Encoder::finish() {
  memory_.reset();
  return std::move(snapshot_);
}

}  // namespace gossip
