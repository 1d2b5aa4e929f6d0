#include <algorithm>

#include "gossip/topology/arcs.h"
#include "gossip/topology/draws.h"
#include "gossip/topology/kinds.h"
#include "gossip/topology/placed.h"
#include "gossip/topology/recent.h"

namespace gossip {
namespace {

// Each peer pushes to `fanout` distinct others, drawn afresh every round. The draw follows from
// (seed, round, place), so that everybody can compute everybody's.
class RandomK final : public PlacedTopology {
 public:
  RandomK(std::size_t fanout, std::uint64_t seed) : fanout_(fanout), seed_(seed) {}

 private:
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    runtime::Random random = draws_of(seed_, turn.round, turn.place);
    Places places =
        draw_distinct(random, std::min(fanout_, turn.count - 1), turn.count - 1, turn.memory);
    for (std::size_t& place : places)
      if (place >= turn.place) ++place;  // leaves oneself out
    return places;
  }

  [[nodiscard]] Places senders(const Turn& turn) const override {
    const auto find_all = [&](Arcs& senders) {
      senders.clear();
      for (Turn other = turn.at(0); other.place < turn.count; ++other.place)
        for (const std::size_t receiver : receivers(other)) senders.add(receiver, other.place);
      senders.sort();
    };
    return senders_.ask({.round = turn.round, .count = turn.count}, find_all,
                        [&](const Arcs& senders) { return senders.of(turn); });
  }

  std::size_t fanout_;
  std::uint64_t seed_;
  mutable Recent<Arcs> senders_;
};

}  // namespace

MadeTopology make_random_k(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"random-k\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<RandomK>(options.fanout, options.seed));
}

}  // namespace gossip
