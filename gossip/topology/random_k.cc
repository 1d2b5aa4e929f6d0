#include <algorithm>

#include "gossip/topology/kinds.h"
#include "runtime/random.h"

namespace gossip {
namespace {

// Each peer pushes to `fanout` distinct others, drawn afresh every round. The draw follows from
// (seed, round, self), so that everybody can compute everybody's.
class RandomK final : public Topology {
 public:
  RandomK(std::size_t fanout, std::uint64_t seed) : fanout_(fanout), seed_(seed) {}

  [[nodiscard]] std::vector<runtime::PeerId> out_neighbours(
      std::uint64_t round, std::span<const runtime::PeerId> members,
      runtime::PeerId self) const override {
    std::vector<runtime::PeerId> others(members.begin(), members.end());
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(position_of(self, members)));
    const std::size_t count = std::min(fanout_, others.size());
    runtime::Random random(runtime::mix_bits(seed_ + runtime::mix_bits(round)),
                           runtime::value_of(self));
    // The first `count` steps of a shuffle.
    for (std::size_t i = 0; i < count; ++i)
      std::swap(others[i], others[i + random.below(others.size() - i)]);
    others.resize(count);
    std::sort(others.begin(), others.end());
    return others;
  }

 private:
  std::size_t fanout_;
  std::uint64_t seed_;
};

}  // namespace

MadeTopology make_random_k(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"random-k\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<RandomK>(options.fanout, options.seed));
}

}  // namespace gossip
