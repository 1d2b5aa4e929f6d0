#include <algorithm>
#include <iterator>

#include "gossip/topology/kinds.h"

namespace gossip {
namespace {

// Everybody pushes to everybody.
class Complete final : public Topology {
 public:
  [[nodiscard]] List<runtime::PeerId> out_neighbours(std::uint64_t /*round*/,
                                                     std::span<const runtime::PeerId> members,
                                                     runtime::PeerId self,
                                                     ListMemory memory) const override {
    List<runtime::PeerId> others(memory);
    others.reserve(members.size());
    std::ranges::remove_copy(members, std::back_inserter(others), self);
    return others;
  }
  [[nodiscard]] List<runtime::PeerId> in_neighbours(std::uint64_t round,
                                                    std::span<const runtime::PeerId> members,
                                                    runtime::PeerId self,
                                                    ListMemory memory) const override {
    return out_neighbours(round, members, self, memory);
  }
  [[nodiscard]] bool symmetric() const override { return true; }
  [[nodiscard]] bool constant() const override { return true; }
  [[nodiscard]] bool induced() const override { return true; }
  [[nodiscard]] std::optional<std::uint64_t> rounds_to_average(
      std::size_t /*peer_count*/) const override {
    return 1;
  }
};

}  // namespace

MadeTopology make_complete(const TopologyOptions& /*options*/) {
  return std::unique_ptr<Topology>(std::make_unique<Complete>());
}

}  // namespace gossip
