#include <algorithm>

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
    Places places = draw_distinct(random, std::min(fanout_, turn.count - 1), turn.count - 1);
    for (std::size_t& place : places)
      if (place >= turn.place) ++place;  // leaves oneself out
    return places;
  }

  [[nodiscard]] Places senders(const Turn& turn) const override {
    const auto all = senders_.at({.round = turn.round, .count = turn.count}, [&] {
      std::vector<Places> senders(turn.count);
      for (Turn other{.round = turn.round, .count = turn.count, .place = 0};
           other.place < turn.count; ++other.place)
        for (const std::size_t receiver : receivers(other))
          senders[receiver].push_back(other.place);
      return senders;
    });
    return (*all)[turn.place];
  }

  std::size_t fanout_;
  std::uint64_t seed_;
  mutable Recent<std::vector<Places>> senders_;  // by place
};

}  // namespace

MadeTopology make_random_k(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"random-k\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<RandomK>(options.fanout, options.seed));
}

}  // namespace gossip
