#include <bit>

#include "gossip/topology/kinds.h"

namespace gossip {
namespace {

// In round t, position i pushes to i + 2^(t mod L), where L = floor(log2(N - 1)) + 1. For N a power
// of two, L rounds average exactly. (Assran et al. 2019, appendix A)
class OnePeerExponential final : public Topology {
 public:
  [[nodiscard]] std::vector<runtime::PeerId> out_neighbours(
      std::uint64_t round, std::span<const runtime::PeerId> members,
      runtime::PeerId self) const override {
    if (members.size() < 2) return {};
    const auto hop_count = static_cast<std::uint64_t>(std::bit_width(members.size() - 1));
    const std::size_t hop = std::size_t{1} << (round % hop_count);
    return {members[(position_of(self, members) + hop) % members.size()]};
  }
};

}  // namespace

MadeTopology make_one_peer_exponential(const TopologyOptions& /*options*/) {
  return std::unique_ptr<Topology>(std::make_unique<OnePeerExponential>());
}

}  // namespace gossip
