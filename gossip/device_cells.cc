#include "gossip/device_cells.h"

#include <utility>

#include "runtime/check.h"
#include "runtime/random.h"

namespace gossip {
namespace {

constexpr std::size_t kFreeMax = 4;  // as Encoder

std::size_t stride_of(const Codec& codec, const BlockLayout& layout) {
  constexpr std::size_t kLineWords = static_cast<std::size_t>(kCacheLine) / 4;
  const std::size_t count = layout.largest_block();
  const std::size_t words = kernels::cells::payload_words(codec.coding(count, 0).value(), count);
  return (words + kLineWords - 1) / kLineWords * kLineWords;
}

}  // namespace

DeviceCells::DeviceCells(const Codec& codec, const BlockLayout& layout, kernels::Backend& backend)
    : codec_(&codec),
      layout_(&layout),
      backend_(&backend),
      stride_(stride_of(codec, layout)),
      pool_(stride_ * layout.block_count() * 4, kFreeMax,
            [&backend](std::size_t bytes) { return backend.host_memory(bytes); }),
      cells_(backend.allocate(stride_ * layout.block_count(), kernels::cells::kPayloadScalar)),
      slots_(layout.block_count()) {
  CHECK(fits(codec, layout, backend));
}

bool DeviceCells::fits(const Codec& codec, const BlockLayout& layout,
                       const kernels::Backend& backend) {
  return codec.coding(1, 0).has_value() && backend.has_cells() &&
         layout.scalar() == kernels::Scalar::kF32;
}

kernels::cells::Coding DeviceCells::coding(std::uint32_t block) const {
  return codec_->coding(layout_->range(block).count, runtime::mix_bits(seed_ + block)).value();
}

kernels::View DeviceCells::payload(std::uint32_t block) const {
  const std::size_t words =
      kernels::cells::payload_words(coding(block), layout_->range(block).count);
  return cells_.view().slice(slots_[block] * stride_, words);
}

void DeviceCells::begin(std::uint64_t seed, ParcelKind kind) {
  seed_ = seed;
  made_ = nullptr;
  blocks_.clear();
  snapshot_ = snapshots_.take();
  snapshot_->begin(kind, codec_->id(), layout_->block_count());
}

void DeviceCells::add(std::uint32_t block, kernels::ConstView x, double weight) {
  slots_[block] = blocks_.size();
  blocks_.push_back(block);
  snapshot_->weights[block] = weight;
  backend_->to_cells(coding(block), x, payload(block));
}

void DeviceCells::say(std::uint32_t block, runtime::Frame x) {
  snapshot_->said[block] = std::move(x);
}

SnapshotUnderWay DeviceCells::finish(bool finite) {
  const std::shared_ptr<std::byte> memory = pool_.take();
  for (const std::uint32_t block : blocks_) {
    const std::size_t bytes =
        kernels::cells::payload_bytes(coding(block), layout_->range(block).count);
    snapshot_->payloads[block] =
        runtime::Frame(memory, {memory.get() + slots_[block] * stride_ * 4, bytes});
  }
  const std::size_t words = blocks_.size() * stride_;
  auto copy = backend_->copy_out(cells_.view().slice(0, words),
                                 {memory.get(), words, kernels::cells::kPayloadScalar});
  snapshot_->finite = finite;
  made_ = snapshot_.get();
  return {std::move(snapshot_), std::move(copy), *layout_};
}

void DeviceCells::read(std::uint32_t block, kernels::View x) const {
  backend_->from_cells(coding(block), payload(block), x);
}

}  // namespace gossip
