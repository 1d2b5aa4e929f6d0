#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "gossip/snapshot_under_way.h"
#include "runtime/peer_id.h"

namespace peers {

// A push that has been taken off the mass and waits for its snapshot to come from the device.
struct Outgoing {
  struct Recipient {
    runtime::PeerId peer{};
    std::vector<double> shares;  // one a block
  };

  gossip::SnapshotUnderWay snapshot;
  std::uint64_t round = 0;
  std::uint64_t era = 0;
  std::vector<std::uint32_t> blocks;
  std::vector<Recipient> to = {};
  double mass = 0.0;  // push-sum weight, summed over blocks
};

}  // namespace peers
