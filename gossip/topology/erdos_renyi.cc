#include <algorithm>

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
    const auto all = neighbours_.at({.round = turn.round, .count = turn.count},
                                    [&] { return draw(turn.round, turn.count); });
    return (*all)[turn.place];
  }

  // Pair by pair would be N^2 draws. Instead the number of neighbours behind each place is drawn,
  // then which they are.
  [[nodiscard]] std::vector<Places> draw(std::uint64_t round, std::size_t count) const {
    const double chance =
        std::min(1.0, static_cast<double>(fanout_) / static_cast<double>(count - 1));
    std::vector<Places> neighbours(count);
    for (std::size_t place = 0; place < count; ++place) {
      runtime::Random random = draws_of(seed_, round, place);
      const std::size_t behind = count - 1 - place;
      const std::size_t joined = draw_binomial(random, behind, chance);
      for (const std::size_t distance : draw_distinct(random, joined, behind)) {
        const std::size_t other = place + 1 + distance;
        neighbours[place].push_back(other);
        neighbours[other].push_back(place);
      }
    }
    return neighbours;
  }

  std::size_t fanout_;
  std::uint64_t seed_;
  mutable Recent<std::vector<Places>> neighbours_;  // by place
};

}  // namespace

MadeTopology make_erdos_renyi(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"erdos-renyi\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<ErdosRenyi>(options.fanout, options.seed));
}

}  // namespace gossip
