#include "peers/topologies.h"

namespace peers {

gossip::TopologyOptions topology_options(const Config& config) {
  return {.name = config.gossip.topology,
          .fanout = config.gossip.fanout,
          .seed = config.seed,
          .file = config.gossip.topology_file};
}

gossip::WeightingOptions weighting_options(const Config& config) {
  return {.name = config.gossip.weighting, .constant_share = config.gossip.constant_share};
}

}  // namespace peers
