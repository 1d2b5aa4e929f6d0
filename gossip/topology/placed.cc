#include "gossip/topology/placed.h"

#include <algorithm>

#include "runtime/check.h"

namespace gossip {
namespace {

using Members = std::span<const runtime::PeerId>;

Turn turn_of(std::uint64_t round, Members members, runtime::PeerId self) {
  const auto found = std::lower_bound(members.begin(), members.end(), self);
  CHECK(found != members.end() && *found == self);
  return {.round = round,
          .count = members.size(),
          .place = static_cast<std::size_t>(found - members.begin())};
}

std::vector<runtime::PeerId> members_at(Places places, Members members, std::size_t own) {
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::vector<runtime::PeerId> peers;
  peers.reserve(places.size());
  for (const std::size_t place : places)
    if (place != own) peers.push_back(members[place]);
  return peers;
}

}  // namespace

std::vector<runtime::PeerId> PlacedTopology::out_neighbours(std::uint64_t round, Members members,
                                                            runtime::PeerId self) const {
  const Turn turn = turn_of(round, members, self);
  if (turn.count < 2) return {};
  return members_at(receivers(turn), members, turn.place);
}

std::vector<runtime::PeerId> PlacedTopology::in_neighbours(std::uint64_t round, Members members,
                                                           runtime::PeerId self) const {
  const Turn turn = turn_of(round, members, self);
  if (turn.count < 2) return {};
  return members_at(senders(turn), members, turn.place);
}

std::vector<double> PlacedTopology::shares(std::uint64_t round, Members members,
                                           runtime::PeerId self) const {
  const Turn turn = turn_of(round, members, self);
  if (turn.count < 2) return {};
  return shares_of(turn);
}

}  // namespace gossip
