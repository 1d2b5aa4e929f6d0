#include <algorithm>

#include "gossip/protocol/kinds.h"
#include "gossip/topology/draws.h"
#include "runtime/check.h"

namespace gossip {
namespace {

using Members = std::span<const runtime::PeerId>;

std::size_t place_of(Members members, runtime::PeerId peer) {
  const auto found = std::ranges::lower_bound(members, peer);
  CHECK(found != members.end() && *found == peer);
  return static_cast<std::size_t>(found - members.begin());
}

// Members at odd places are active: each asks one at an even place, drawn anew every round. The
// others only answer. So nobody is asked while it waits for an answer, and what a pair averages is
// all that the two have. (The bipartite graph of AD-PSGD, where it also keeps peers that lock each
// other from waiting in a circle.)
class ActiveAsksPassive final : public Topology {
 public:
  explicit ActiveAsksPassive(std::uint64_t seed) : seed_(seed) {}
  [[nodiscard]] static bool is_active(std::size_t place) { return place % 2 == 1; }

  [[nodiscard]] List<runtime::PeerId> out_neighbours(std::uint64_t round, Members members,
                                                     runtime::PeerId self,
                                                     ListMemory memory) const override {
    List<runtime::PeerId> asked(memory);
    const std::size_t place = place_of(members, self);
    if (!is_active(place)) return asked;
    runtime::Random random = draws_of(seed_, round, place);
    const std::size_t passive_count = (members.size() + 1) / 2;
    asked.push_back(members[2 * draw_distinct(random, 1, passive_count, memory).front()]);
    return asked;
  }

 private:
  std::uint64_t seed_;
};

// Pairwise averaging (AD-PSGD, Lian et al. 2018): gossip/requests.h says how.
class Pairs final : public SharesOfMass {
 public:
  explicit Pairs(const ProtocolOptions& options)
      : topology_(options.seed), graph_({&topology_, options.graph.weighting}) {}
  Pairs(const Pairs&) = delete;
  Pairs& operator=(const Pairs&) = delete;
  ~Pairs() override = default;

  [[nodiscard]] Graph graph(std::uint64_t /*round*/) const override { return graph_; }
  [[nodiscard]] bool asks(Members members, runtime::PeerId peer) const override {
    return ActiveAsksPassive::is_active(place_of(members, peer));
  }

 private:
  ActiveAsksPassive topology_;
  Graph graph_;
};

}  // namespace

std::unique_ptr<Protocol> make_pairs(const ProtocolOptions& options) {
  return std::make_unique<Pairs>(options);
}

}  // namespace gossip
