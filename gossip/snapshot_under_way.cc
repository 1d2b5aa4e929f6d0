#include "gossip/snapshot_under_way.h"

#include "gossip/digest.h"

namespace gossip {

void sum_up(Snapshot& snapshot, std::uint32_t block, const BlockLayout& layout) {
  Digest digest;
  digest.add_all(numbers_of(snapshot, block, layout));
  snapshot.checksums.push_back(digest.checksum());
  snapshot.finite = snapshot.finite && digest.finite();
}

std::shared_ptr<const Snapshot> SnapshotUnderWay::finish() {
  copy_->wait();
  if (snapshot_->payloads.empty()) {
    for (std::uint32_t block = 0; block < layout_->block_count(); ++block)
      sum_up(*snapshot_, block, *layout_);
  } else {
    for (std::size_t block = 0; block < snapshot_->payloads.size(); ++block)
      snapshot_->checksums[block] = checksum(snapshot_->payloads[block].bytes());
  }
  return snapshot_;
}

}  // namespace gossip
