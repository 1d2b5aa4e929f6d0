#include "gossip/protocol.h"

#include "gossip/protocol/kinds.h"
#include "runtime/check.h"

namespace gossip {

std::unique_ptr<Protocol> make_protocol(const ProtocolOptions& options) {
  switch (options.parcels) {
    case ParcelKind::kMass:
      return make_shares(options);
    case ParcelKind::kDifference:
      return make_differences(options);
    case ParcelKind::kStep:
      return make_steps(options);
    case ParcelKind::kRequest:
      return make_pairs(options);
  }
  CHECK(false);
}

BlockScratch::BlockScratch(const BlockLayout& layout)
    : layout_(&layout),
      memory_(allocate_aligned(layout.block_count() == 0 ? 0 : layout.bytes(0))) {}

kernels::View BlockScratch::view(std::uint32_t block) {
  return {memory_.get(), layout_->range(block).count, layout_->scalar()};
}

}  // namespace gossip
