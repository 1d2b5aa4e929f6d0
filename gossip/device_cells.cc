#include "gossip/device_cells.h"

#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

constexpr std::size_t kFreeMax = 4;  // as Encoder

std::size_t stride_of(kernels::cells::Kind kind, const BlockLayout& layout) {
  constexpr std::size_t kLineWords = static_cast<std::size_t>(kCacheLine) / 4;
  if (layout.block_count() == 0) return 0;
  const std::size_t words = kernels::cells::payload_words(kind, layout.range(0).count);
  return (words + kLineWords - 1) / kLineWords * kLineWords;
}

}  // namespace

DeviceCells::DeviceCells(const Codec& codec, const BlockLayout& layout, kernels::Backend& backend)
    : codec_(&codec),
      layout_(&layout),
      backend_(&backend),
      kind_(codec.cells().value()),
      stride_(stride_of(kind_, layout)),
      pool_(stride_ * layout.block_count() * 4, kFreeMax,
            [&backend](std::size_t bytes) { return backend.host_memory(bytes); }),
      cells_(backend.allocate(stride_ * layout.block_count(), kernels::cells::kPayloadScalar)),
      slots_(layout.block_count()) {
  CHECK(fits(codec, layout, backend));
}

bool DeviceCells::fits(const Codec& codec, const BlockLayout& layout,
                       const kernels::Backend& backend) {
  return codec.cells().has_value() && backend.has_cells() &&
         layout.scalar() == kernels::Scalar::kF32;
}

kernels::View DeviceCells::payload(std::size_t slot, std::uint32_t block) const {
  const std::size_t words = kernels::cells::payload_words(kind_, layout_->range(block).count);
  return cells_.view().slice(slot * stride_, words);
}

void DeviceCells::begin(std::size_t blocks) {
  made_ = nullptr;
  blocks_.clear();
  blocks_.reserve(blocks);
}

void DeviceCells::add(std::uint32_t block, kernels::ConstView z) {
  slots_[block] = blocks_.size();
  blocks_.push_back(block);
  backend_->to_cells(kind_, z, payload(slots_[block], block));
}

SnapshotUnderWay DeviceCells::finish(std::span<const double> weights, bool finite) {
  std::shared_ptr<Snapshot> snapshot = snapshots_.take();
  const std::shared_ptr<std::byte> memory = pool_.take();
  snapshot->codec = codec_->id();
  snapshot->finite = finite;
  snapshot->weights.assign(weights.begin(), weights.end());
  snapshot->checksums.resize(weights.size());
  snapshot->payloads.resize(weights.size());
  for (std::size_t slot = 0; slot < blocks_.size(); ++slot) {
    const std::size_t count = layout_->range(blocks_[slot]).count;
    snapshot->payloads[blocks_[slot]] = runtime::Frame(
        memory, {memory.get() + slot * stride_ * 4, kernels::cells::payload_bytes(kind_, count)});
  }
  const std::size_t words = blocks_.size() * stride_;
  auto copy = backend_->copy_out(cells_.view().slice(0, words),
                                 {memory.get(), words, kernels::cells::kPayloadScalar});
  made_ = snapshot.get();
  return {std::move(snapshot), std::move(copy), *layout_};
}

void DeviceCells::read(std::uint32_t block, kernels::View z) const {
  backend_->from_cells(kind_, payload(slots_[block], block), z);
}

}  // namespace gossip
