#include "gossip/topology/placed.h"

#include <algorithm>

#include "runtime/check.h"

namespace gossip {
namespace {

using Members = std::span<const runtime::PeerId>;

Turn turn_of(std::uint64_t round, Members members, runtime::PeerId self, ListMemory memory) {
  const auto found = std::lower_bound(members.begin(), members.end(), self);
  CHECK(found != members.end() && *found == self);
  return {.round = round,
          .count = members.size(),
          .place = static_cast<std::size_t>(found - members.begin()),
          .memory = memory};
}

List<runtime::PeerId> members_at(Places places, Members members, const Turn& turn) {
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  List<runtime::PeerId> peers(turn.memory);
  peers.reserve(places.size());
  for (const std::size_t place : places)
    if (place != turn.place) peers.push_back(members[place]);
  return peers;
}

}  // namespace

List<runtime::PeerId> PlacedTopology::out_neighbours(std::uint64_t round, Members members,
                                                     runtime::PeerId self,
                                                     ListMemory memory) const {
  const Turn turn = turn_of(round, members, self, memory);
  if (turn.count < 2) return List<runtime::PeerId>(memory);
  return members_at(receivers(turn), members, turn);
}

List<runtime::PeerId> PlacedTopology::in_neighbours(std::uint64_t round, Members members,
                                                    runtime::PeerId self, ListMemory memory) const {
  const Turn turn = turn_of(round, members, self, memory);
  if (turn.count < 2) return List<runtime::PeerId>(memory);
  return members_at(senders(turn), members, turn);
}

List<double> PlacedTopology::shares(std::uint64_t round, Members members, runtime::PeerId self,
                                    ListMemory memory) const {
  const Turn turn = turn_of(round, members, self, memory);
  if (turn.count < 2) return List<double>(memory);
  return shares_of(turn);
}

}  // namespace gossip
