#pragma once
// What everybody who hears a peer takes its x to be: all differences that it has sent, added up.
// The peer and its hearers add up the same bytes in the same order, so all have the same bits.

#include <cstdint>
#include <vector>

#include "gossip/layout.h"
#include "gossip/memory_pool.h"
#include "kernels/view.h"
#include "runtime/frame.h"

namespace gossip {

// `layout` outlives it. Host memory, none before the first difference. One thread at a time.
class PublicCopy {
 public:
  explicit PublicCopy(const BlockLayout& layout);

  // Adds a difference to the block's copy, which is zero before the first; returns the copy as it
  // is now, which stays as it is.
  [[nodiscard]] runtime::Frame add(std::uint32_t block, kernels::ConstView difference);

 private:
  [[nodiscard]] kernels::ConstView numbers(std::uint32_t block) const;

  const BlockLayout* layout_;
  MemoryPool pool_;  // of one block each
  std::vector<runtime::Frame> blocks_;
};

}  // namespace gossip
