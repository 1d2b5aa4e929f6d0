#include <algorithm>

#include "gossip/topology/draws.h"
#include "gossip/topology/kinds.h"

namespace gossip {
namespace {

// Each peer pushes to `fanout` of those in its own view, drawn afresh every round. The draw goes by
// the peer's number: places in different views say nothing of each other.
class View final : public Topology {
 public:
  View(std::size_t fanout, std::uint64_t seed) : fanout_(fanout), seed_(seed) {}

  [[nodiscard]] bool of_view() const override { return true; }
  [[nodiscard]] List<runtime::PeerId> out_neighbours(std::uint64_t round,
                                                     std::span<const runtime::PeerId> members,
                                                     runtime::PeerId self,
                                                     ListMemory memory) const override {
    List<runtime::PeerId> others(members.begin(), members.end(), memory);
    std::erase(others, self);
    runtime::Random random = draws_of(seed_, round, runtime::value_of(self));
    List<runtime::PeerId> receivers(memory);
    for (const std::size_t place :
         draw_distinct(random, std::min(fanout_, others.size()), others.size(), memory))
      receivers.push_back(others[place]);
    return receivers;
  }

 private:
  std::size_t fanout_;
  std::uint64_t seed_;
};

}  // namespace

MadeTopology make_view(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"view\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<View>(options.fanout, options.seed));
}

}  // namespace gossip
