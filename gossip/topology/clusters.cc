#include "gossip/topology/kinds.h"
#include "gossip/topology/placed.h"

namespace gossip {
namespace {

// Two cliques, the first and the second half of the peers, and one bridge between the first peer of
// each. Its ends have one neighbour more than the others, so equal shares are not doubly
// stochastic.
class Clusters final : public SymmetricTopology {
  [[nodiscard]] bool constant() const override { return true; }
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    const std::size_t half = (turn.count + 1) / 2;
    const bool in_first = turn.place < half;
    const std::size_t begin = in_first ? 0 : half;
    const std::size_t end = in_first ? half : turn.count;
    Places places = turn.no_places();
    for (std::size_t place = begin; place < end; ++place) places.push_back(place);
    if (turn.place == begin) places.push_back(in_first ? half : 0);
    return places;
  }
};

}  // namespace

MadeTopology make_clusters(const TopologyOptions& /*options*/) {
  return std::unique_ptr<Topology>(std::make_unique<Clusters>());
}

}  // namespace gossip
