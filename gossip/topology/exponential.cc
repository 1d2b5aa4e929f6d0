#include <algorithm>
#include <bit>

#include "gossip/topology/kinds.h"
#include "gossip/topology/placed.h"
#include "runtime/result.h"

namespace gossip {
namespace {

// Hops around the circle, the same for all peers: what one sends a hop ahead comes from a hop
// behind, so equal shares are doubly stochastic.
class Hops : public PlacedTopology {
  [[nodiscard]] virtual Places hops(const Turn& turn) const = 0;  // below turn.count

  [[nodiscard]] Places receivers(const Turn& turn) const final {
    Places places = hops(turn);
    for (std::size_t& place : places) place = ahead(turn, place);
    return places;
  }
  [[nodiscard]] Places senders(const Turn& turn) const final {
    Places places = hops(turn);
    for (std::size_t& place : places) place = behind(turn, place);
    return places;
  }
};

// 1, 2, 4, ... in every round.
class Exponential final : public Hops {
  [[nodiscard]] bool constant() const override { return true; }
  [[nodiscard]] Places hops(const Turn& turn) const override {
    Places hops = turn.no_places();
    for (std::size_t hop = 1; hop < turn.count; hop *= 2) hops.push_back(hop);
    return hops;
  }
};

// In round t the hop 2^(t mod L), where L = floor(log2(N - 1)) + 1. For N a power of two, L rounds
// average exactly. (Assran et al. 2019, appendix A)
class OnePeerExponential final : public Hops {
  [[nodiscard]] Places hops(const Turn& turn) const override {
    const auto hop_count = static_cast<std::uint64_t>(std::bit_width(turn.count - 1));
    return turn.places({std::size_t{1} << (turn.round % hop_count)});
  }
};

// In round t the hops j (p + 1)^(t mod L), j = 1 .. p, where L = floor(log_(p+1) (N - 1)) + 1. For
// N a power of p + 1, L rounds average exactly. (Assran et al. 2019)
class PPeerExponential final : public Hops {
 public:
  explicit PPeerExponential(std::size_t fanout) : fanout_(fanout) {}

 private:
  [[nodiscard]] Places hops(const Turn& turn) const override {
    // More hops than there are others lead to nobody new.
    const std::size_t fanout = std::min(fanout_, turn.count - 1);
    std::uint64_t stride_count = 0;
    for (std::size_t reach = 1; reach < turn.count; reach *= fanout + 1) ++stride_count;
    std::size_t stride = 1;
    for (std::uint64_t i = turn.round % stride_count; i > 0; --i) stride *= fanout + 1;
    Places hops = turn.no_places();
    for (std::size_t j = 1; j <= fanout; ++j) hops.push_back(j * stride % turn.count);
    return hops;  // a hop of no length leads to oneself, which counts as none
  }

  std::size_t fanout_;
};

}  // namespace

MadeTopology make_exponential(const TopologyOptions& /*options*/) {
  return std::unique_ptr<Topology>(std::make_unique<Exponential>());
}

MadeTopology make_one_peer_exponential(const TopologyOptions& /*options*/) {
  return std::unique_ptr<Topology>(std::make_unique<OnePeerExponential>());
}

MadeTopology make_p_peer_exponential(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"p-peer-exponential\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<PPeerExponential>(options.fanout));
}

}  // namespace gossip
