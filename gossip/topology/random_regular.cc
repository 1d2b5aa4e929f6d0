#include <algorithm>

#include "gossip/topology/draws.h"
#include "gossip/topology/kinds.h"
#include "gossip/topology/placed.h"

namespace gossip {
namespace {

// A circle of all peers in random order and `fanout` distinct hops on it, both drawn from the
// shared seed every round. Everybody has as many senders as receivers, so equal shares are doubly
// stochastic: the mean square distance falls by ((N / (k + 1)) - 1) / (N - 1) a round on average,
// as on every random regular graph. (EL-Oracle of De Vos et al. 2023)
class RandomRegular final : public PlacedTopology {
 public:
  RandomRegular(std::size_t fanout, std::uint64_t seed) : fanout_(fanout), seed_(seed) {}

 private:
  [[nodiscard]] Places hops(const Turn& turn) const {
    runtime::Random random = draws_of(seed_, turn.round, kSharedStream);
    Places hops =
        draw_distinct(random, std::min(fanout_, turn.count - 1), turn.count - 1, turn.memory);
    for (std::size_t& hop : hops) ++hop;
    return hops;
  }
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    const Shuffle circle(seed_, turn.round, turn.count);
    const std::size_t position = circle.position_of(turn.place);
    Places places = hops(turn);
    for (std::size_t& place : places) place = circle.place_at((position + place) % turn.count);
    return places;
  }
  [[nodiscard]] Places senders(const Turn& turn) const override {
    const Shuffle circle(seed_, turn.round, turn.count);
    const std::size_t position = circle.position_of(turn.place);
    Places places = hops(turn);
    for (std::size_t& place : places)
      place = circle.place_at((position + turn.count - place) % turn.count);
    return places;
  }

  std::size_t fanout_;
  std::uint64_t seed_;
};

// Places 2i and 2i + 1 of a random order push to each other; the last of an odd number to nobody.
class Matching final : public SymmetricTopology {
 public:
  explicit Matching(std::uint64_t seed) : seed_(seed) {}

 private:
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    const Shuffle order(seed_, turn.round, turn.count);
    const std::size_t partner = order.position_of(turn.place) ^ 1U;
    if (partner >= turn.count) return turn.no_places();
    return turn.places({order.place_at(partner)});
  }

  std::uint64_t seed_;
};

}  // namespace

MadeTopology make_random_regular(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"random-regular\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<RandomRegular>(options.fanout, options.seed));
}

MadeTopology make_matching(const TopologyOptions& options) {
  return std::unique_ptr<Topology>(std::make_unique<Matching>(options.seed));
}

}  // namespace gossip
