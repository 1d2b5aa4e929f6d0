#include "gossip/own_copy.h"

namespace gossip {
namespace {

// Of each block that of the last push, and that of the one before while it is under way.
std::size_t free_max_of(const BlockLayout& layout) { return 2 * layout.block_count(); }

}  // namespace

OwnCopy::OwnCopy(const BlockLayout& layout, kernels::Backend& backend)
    : layout_(&layout),
      backend_(&backend),
      numbers_(backend.allocate(layout.number_count(), layout.scalar())),
      pool_(layout.largest_bytes(), free_max_of(layout),
            [&backend](std::size_t bytes) { return backend.host_memory(bytes); }) {}

kernels::ConstView OwnCopy::numbers(std::uint32_t block) const {
  const BlockRange range = layout_->range(block);
  return numbers_.view().slice(range.offset, range.count);
}

void OwnCopy::add(std::uint32_t block, kernels::ConstView difference) {
  const BlockRange range = layout_->range(block);
  backend_->axpy(1.0, difference, numbers_.view().slice(range.offset, range.count));
}

runtime::Frame OwnCopy::on_host(std::uint32_t block) {
  const std::shared_ptr<std::byte> memory = pool_.take();
  const kernels::View copy(memory.get(), layout_->range(block).count, layout_->scalar());
  backend_->download(numbers(block), copy);
  return {memory, {memory.get(), copy.bytes()}};
}

}  // namespace gossip
