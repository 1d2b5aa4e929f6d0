#include "gossip/public_copy.h"

#include "kernels/vector.h"

namespace gossip {
namespace {

// Each block as it is, and as it was while a push of it is under way.
std::size_t free_max_of(const BlockLayout& layout) { return 2 * layout.block_count(); }

}  // namespace

PublicCopy::PublicCopy(const BlockLayout& layout)
    : layout_(&layout),
      pool_(layout.largest_bytes(), free_max_of(layout)),
      blocks_(layout.block_count()) {}

kernels::ConstView PublicCopy::numbers(std::uint32_t block) const {
  return {blocks_[block].bytes().data(), layout_->range(block).count, layout_->scalar()};
}

runtime::Frame PublicCopy::add(std::uint32_t block, kernels::ConstView difference) {
  const std::shared_ptr<std::byte> memory = pool_.take();
  const kernels::View now(memory.get(), layout_->range(block).count, layout_->scalar());
  kernels::vector::copy(difference, now);
  if (blocks_[block].size() > 0) kernels::vector::axpy(1.0, numbers(block), now);
  blocks_[block] = runtime::Frame(memory, {memory.get(), now.bytes()});
  return blocks_[block];
}

}  // namespace gossip
