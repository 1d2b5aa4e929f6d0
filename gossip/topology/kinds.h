#pragma once
// One topology a file; gossip/topology.cc lists them by name.

#include <memory>

#include "gossip/topology.h"
#include "runtime/result.h"

namespace gossip {

using MadeTopology = runtime::Result<std::unique_ptr<Topology>>;

[[nodiscard]] MadeTopology make_complete(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_ring(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_one_peer_exponential(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_random_k(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_from_file(const TopologyOptions& options);

// Where `self` stands among `members`, which are sorted and hold it.
[[nodiscard]] std::size_t position_of(runtime::PeerId self,
                                      std::span<const runtime::PeerId> members);

}  // namespace gossip
