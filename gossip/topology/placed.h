#pragma once
// A topology over places: it knows members by where they stand in the sorted list, 0 .. count - 1,
// and not by their numbers. So a member that dies moves those behind it up by one place.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "gossip/topology.h"
#include "runtime/peer_id.h"

namespace gossip {

using Places = List<std::size_t>;

// Whose turn it is to say whom it pushes to.
struct Turn {
  std::uint64_t round = 0;
  std::size_t count = 0;       // members, at least two
  std::size_t place = 0;       // below count
  ListMemory memory = heap();  // of what is said

  [[nodiscard]] Turn at(std::size_t other) const {  // of the same round
    Turn turn = *this;
    turn.place = other;
    return turn;
  }
  [[nodiscard]] Places no_places() const { return Places(memory); }
  [[nodiscard]] Places places(std::initializer_list<std::size_t> places) const {
    return {places, memory};
  }
};

// The place so many ahead of `place`, around the circle; `hop` is below `count`.
[[nodiscard]] inline std::size_t ahead(const Turn& turn, std::size_t hop) {
  return (turn.place + hop) % turn.count;
}
[[nodiscard]] inline std::size_t behind(const Turn& turn, std::size_t hop) {
  return (turn.place + turn.count - hop) % turn.count;
}

class PlacedTopology : public Topology {
 public:
  [[nodiscard]] List<runtime::PeerId> out_neighbours(std::uint64_t round,
                                                     std::span<const runtime::PeerId> members,
                                                     runtime::PeerId self,
                                                     ListMemory memory) const final;
  [[nodiscard]] List<runtime::PeerId> in_neighbours(std::uint64_t round,
                                                    std::span<const runtime::PeerId> members,
                                                    runtime::PeerId self,
                                                    ListMemory memory) const final;
  [[nodiscard]] List<double> shares(std::uint64_t round, std::span<const runtime::PeerId> members,
                                    runtime::PeerId self, ListMemory memory) const final;

 private:
  // In any order; a place named twice, or the peer's own, counts once, or not at all.
  [[nodiscard]] virtual Places receivers(const Turn& turn) const = 0;
  [[nodiscard]] virtual Places senders(const Turn& turn) const = 0;

  // By place of the receiver, ascending.
  [[nodiscard]] virtual List<double> shares_of(const Turn& turn) const {
    return List<double>(turn.memory);
  }
};

// One where pushes go both ways.
class SymmetricTopology : public PlacedTopology {
 public:
  [[nodiscard]] bool symmetric() const final { return true; }

 private:
  [[nodiscard]] Places senders(const Turn& turn) const final { return receivers(turn); }
  [[nodiscard]] Places receivers(const Turn& turn) const override = 0;
};

}  // namespace gossip
