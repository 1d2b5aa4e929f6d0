#include <algorithm>

#include "gossip/topology/arcs.h"
#include "gossip/topology/draws.h"
#include "gossip/topology/kinds.h"
#include "gossip/topology/placed.h"
#include "gossip/topology/recent.h"

namespace gossip {
namespace {

// Each pair of peers is joined in a round with one probability, by itself: fanout / (N - 1), so
// that a peer has `fanout` neighbours on average. Some may have none.
class ErdosRenyi final : public SymmetricTopology {
 public:
  ErdosRenyi(std::size_t fanout, std::uint64_t seed) : fanout_(fanout), seed_(seed) {}

 private:
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    return neighbours_.ask(
        {.round = turn.round, .count = turn.count},
        [&](Arcs& neighbours) { draw(turn, neighbours); },
        [&](const Arcs& neighbours) { return neighbours.of(turn); });
  }

  // Pair by pair would be N^2 draws. Instead the number of neighbours behind each place is drawn,
  // then which they are.
  void draw(const Turn& turn, Arcs& neighbours) const {
    const double chance =
        std::min(1.0, static_cast<double>(fanout_) / static_cast<double>(turn.count - 1));
    neighbours.clear();
    for (std::size_t place = 0; place < turn.count; ++place) {
      runtime::Random random = draws_of(seed_, turn.round, place);
      const std::size_t behind = turn.count - 1 - place;
      const std::size_t joined = draw_binomial(random, behind, chance);
      for (const std::size_t distance : draw_distinct(random, joined, behind, turn.memory)) {
        const std::size_t other = place + 1 + distance;
        neighbours.add(place, other);
        neighbours.add(other, place);
      }
    }
    neighbours.sort();
  }

  std::size_t fanout_;
  std::uint64_t seed_;
  mutable Recent<Arcs> neighbours_;
};

}  // namespace

MadeTopology make_erdos_renyi(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"erdos-renyi\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<ErdosRenyi>(options.fanout, options.seed));
}

}  // namespace gossip
