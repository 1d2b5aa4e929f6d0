#pragma once
// One protocol a file; gossip/protocol.cc lists them by what their parcels are.

#include <memory>

#include "gossip/protocol.h"

namespace gossip {

[[nodiscard]] std::unique_ptr<Protocol> make_shares(const ProtocolOptions& options);
[[nodiscard]] std::unique_ptr<Protocol> make_differences(const ProtocolOptions& options);
[[nodiscard]] std::unique_ptr<Protocol> make_steps(const ProtocolOptions& options);
[[nodiscard]] std::unique_ptr<Protocol> make_pairs(const ProtocolOptions& options);

// Where a block of codes is decoded: one block of host memory, in the layout's scalar.
class BlockScratch {
 public:
  explicit BlockScratch(const BlockLayout& layout);
  [[nodiscard]] kernels::View view(std::uint32_t block);  // one at a time

 private:
  const BlockLayout* layout_;
  AlignedMemory memory_;
};

}  // namespace gossip
