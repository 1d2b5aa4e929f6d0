#pragma once
// One topology a file; gossip/topology.cc lists them by name.

#include <memory>

#include "gossip/topology.h"
#include "runtime/result.h"

namespace gossip {

using MadeTopology = runtime::Result<std::unique_ptr<Topology>>;

[[nodiscard]] MadeTopology make_complete(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_ring(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_bidirectional_ring(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_torus(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_exponential(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_one_peer_exponential(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_p_peer_exponential(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_random_k(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_random_regular(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_matching(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_erdos_renyi(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_base_k(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_equidynamic(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_clusters(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_view(const TopologyOptions& options);
[[nodiscard]] MadeTopology make_from_file(const TopologyOptions& options);

}  // namespace gossip
