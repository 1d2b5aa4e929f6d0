#include "gossip/topology/kinds.h"
#include "gossip/topology/placed.h"

namespace gossip {
namespace {

// Each peer pushes to the next, the last to the first.
class Ring final : public PlacedTopology {
  [[nodiscard]] bool constant() const override { return true; }
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    return turn.places({ahead(turn, 1)});
  }
  [[nodiscard]] Places senders(const Turn& turn) const override {
    return turn.places({behind(turn, 1)});
  }
};

// Each peer pushes to both of its neighbours on the circle.
class BidirectionalRing final : public SymmetricTopology {
  [[nodiscard]] bool constant() const override { return true; }
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    return turn.places({ahead(turn, 1), behind(turn, 1)});
  }
};

}  // namespace

MadeTopology make_ring(const TopologyOptions& /*options*/) {
  return std::unique_ptr<Topology>(std::make_unique<Ring>());
}

MadeTopology make_bidirectional_ring(const TopologyOptions& /*options*/) {
  return std::unique_ptr<Topology>(std::make_unique<BidirectionalRing>());
}

}  // namespace gossip
