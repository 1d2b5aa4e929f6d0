#include "gossip/topology.h"

#include <algorithm>
#include <array>

#include "gossip/topology/kinds.h"
#include "runtime/check.h"

namespace gossip {
namespace {

constexpr std::array kNames{
    TopologyName{"complete", "everybody pushes to everybody"},
    TopologyName{"ring", "each pushes to the next"},
    TopologyName{"one-peer-exponential", "one receiver a round, 1, 2, 4, ... places ahead in turn"},
    TopologyName{"random-k", "`fanout` receivers drawn afresh every round"},
    TopologyName{"file", "a cycle of matrices read from `topology_file`"},
};
constexpr std::array kMakers{make_complete, make_ring, make_one_peer_exponential, make_random_k,
                             make_from_file};
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

std::vector<runtime::PeerId> in_neighbours(const Topology& topology, std::uint64_t round,
                                           std::span<const runtime::PeerId> members,
                                           runtime::PeerId self) {
  std::vector<runtime::PeerId> senders;
  for (const runtime::PeerId member : members) {
    const std::vector<runtime::PeerId> receivers = topology.out_neighbours(round, members, member);
    if (std::binary_search(receivers.begin(), receivers.end(), self)) senders.push_back(member);
  }
  return senders;
}

std::size_t position_of(runtime::PeerId self, std::span<const runtime::PeerId> members) {
  const auto found = std::lower_bound(members.begin(), members.end(), self);
  CHECK(found != members.end() && *found == self);
  return static_cast<std::size_t>(found - members.begin());
}

}  // namespace gossip
