#pragma once
// One protocol a file; gossip/protocol.cc lists them by what their parcels are.

#include <memory>

#include "gossip/protocol.h"

namespace gossip {

[[nodiscard]] std::unique_ptr<Protocol> make_shares(const ProtocolOptions& options);
[[nodiscard]] std::unique_ptr<Protocol> make_differences(const ProtocolOptions& options);
[[nodiscard]] std::unique_ptr<Protocol> make_steps(const ProtocolOptions& options);
[[nodiscard]] std::unique_ptr<Protocol> make_pairs(const ProtocolOptions& options);

// What travels are shares of x itself, as the codec has it.
class SharesOfMass : public Protocol {
 public:
  [[nodiscard]] std::shared_ptr<const Snapshot> offer(Mass& mass, const Offer& offer) final {
    return mass.snapshot(offer.blocks, offer.seed);
  }
  void keep(Mass& mass, const Snapshot& offered, std::uint32_t block, double kept) final {
    mass.keep(offered, block, kept);
  }
};

}  // namespace gossip
