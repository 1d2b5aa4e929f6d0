#pragma once
// From a config to its topology and weighting, and what graphs are like, for people.

#include <cstddef>
#include <string>

#include "gossip/mixing.h"
#include "gossip/topology.h"
#include "gossip/weighting.h"
#include "peers/config.h"

namespace peers {

[[nodiscard]] gossip::TopologyOptions topology_options(const Config& config);
[[nodiscard]] gossip::WeightingOptions weighting_options(const Config& config);

// The graph of the config among so many peers, measured, in a line: receivers a round, whether
// doubly stochastic, how fast estimates meet. Refused: what cannot be made, or is for another
// number of peers. A weighting that looks at estimates is measured as "uniform", and said to be.
[[nodiscard]] runtime::Result<std::string> describe_graph(const Config& config,
                                                          std::size_t peer_count);

// Every topology among so many peers, a line each; where a topology counts receivers, there are
// two.
[[nodiscard]] std::string topology_table(std::size_t peer_count);
[[nodiscard]] std::string topology_reference();  // of docs/config.md, as Markdown

}  // namespace peers
