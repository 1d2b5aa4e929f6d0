#pragma once

#include <cstdint>

#include "gossip/layout.h"
#include "gossip/memory_pool.h"
#include "kernels/backend.h"
#include "runtime/frame.h"

namespace gossip {

// What this peer has said its x is: a PublicCopy where its numbers live, zeros at first. The
// trainer's.
class OwnCopy {
 public:
  // Both outlive it.
  OwnCopy(const BlockLayout& layout, kernels::Backend& backend);

  [[nodiscard]] kernels::ConstView numbers(std::uint32_t block) const;
  void add(std::uint32_t block, kernels::ConstView difference);
  // As it is now, on the host, whatever is added later.
  [[nodiscard]] runtime::Frame on_host(std::uint32_t block);

 private:
  const BlockLayout* layout_;
  kernels::Backend* backend_;
  kernels::Buffer numbers_;
  MemoryPool pool_;  // of one block each
};

}  // namespace gossip
