#pragma once
// From a config to its topology and weighting, and what graphs are like, for people.

#include "gossip/topology.h"
#include "gossip/weighting.h"
#include "peers/config.h"

namespace peers {

[[nodiscard]] gossip::TopologyOptions topology_options(const Config& config);
[[nodiscard]] gossip::WeightingOptions weighting_options(const Config& config);

}  // namespace peers
