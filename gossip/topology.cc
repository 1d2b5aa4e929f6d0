#include "gossip/topology.h"

#include <algorithm>
#include <array>

#include "gossip/topology/kinds.h"

namespace gossip {
namespace {

constexpr std::array kNames{
    TopologyName{"complete", "everybody pushes to everybody"},
    TopologyName{"ring", "each pushes to the next"},
    TopologyName{"bidirectional-ring", "each pushes to the next and to the one before"},
    TopologyName{"torus", "each pushes to its four neighbours on a grid without borders"},
    TopologyName{"exponential", "each pushes to those 1, 2, 4, ... places ahead"},
    TopologyName{"one-peer-exponential", "one receiver a round, 1, 2, 4, ... places ahead in turn"},
    TopologyName{"p-peer-exponential",
                 "`fanout` receivers a round, 1, 2, .. times a power of fanout + 1 places ahead"},
    TopologyName{"random-k", "`fanout` receivers, which each peer draws afresh every round"},
    TopologyName{"random-regular", "`fanout` receivers and senders for each, drawn every round"},
    TopologyName{"matching", "pairs, drawn afresh every round; one is left over of an odd number"},
    TopologyName{"erdos-renyi",
                 "each pair joined by chance every round, `fanout` for each on average"},
    TopologyName{"base-k", "groups of at most `fanout` + 1; exact after few rounds for any number"},
    TopologyName{"equidynamic", "each pushes so many places ahead, drawn every round for all"},
    TopologyName{"clusters", "two cliques and one bridge between them"},
    TopologyName{"view", "`fanout` receivers, drawn every round from the few peers in one's view"},
    TopologyName{"file", "a cycle of matrices read from `topology_file`"},
};
constexpr std::array kMakers{
    make_complete,
    make_ring,
    make_bidirectional_ring,
    make_torus,
    make_exponential,
    make_one_peer_exponential,
    make_p_peer_exponential,
    make_random_k,
    make_random_regular,
    make_matching,
    make_erdos_renyi,
    make_base_k,
    make_equidynamic,
    make_clusters,
    make_view,
    make_from_file,
};
static_assert(kNames.size() == kMakers.size());

std::string known_names() {
  std::string names;
  for (const TopologyName& known : kNames)
    names.append(names.empty() ? "" : ", ").append(known.name);
  return names;
}

}  // namespace

std::span<const TopologyName> topology_names() { return kNames; }

runtime::Result<std::unique_ptr<Topology>> make_topology(const TopologyOptions& options) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i].name == options.name) return kMakers[i](options);
  return runtime::Error{"no topology is called \"" + options.name +
                        "\"; there are: " + known_names()};
}

List<runtime::PeerId> Topology::in_neighbours(std::uint64_t round,
                                              std::span<const runtime::PeerId> members,
                                              runtime::PeerId self, ListMemory memory) const {
  List<runtime::PeerId> senders(memory);
  for (const runtime::PeerId member : members) {
    const List<runtime::PeerId> receivers = out_neighbours(round, members, member, memory);
    if (std::binary_search(receivers.begin(), receivers.end(), self)) senders.push_back(member);
  }
  return senders;
}

}  // namespace gossip
