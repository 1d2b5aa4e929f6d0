#include "gossip/topology/kinds.h"

namespace gossip {
namespace {

// Each peer pushes to the next in order of their numbers, the last to the first.
class Ring final : public Topology {
 public:
  [[nodiscard]] std::vector<runtime::PeerId> out_neighbours(
      std::uint64_t /*round*/, std::span<const runtime::PeerId> members,
      runtime::PeerId self) const override {
    if (members.size() < 2) return {};
    return {members[(position_of(self, members) + 1) % members.size()]};
  }
};

}  // namespace

MadeTopology make_ring(const TopologyOptions& /*options*/) {
  return std::unique_ptr<Topology>(std::make_unique<Ring>());
}

}  // namespace gossip
