#pragma once
// A graph of one round, of all places at once: filled, sorted, then asked.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "gossip/topology/placed.h"

namespace gossip {

class Arcs {
 public:
  void clear() { arcs_.clear(); }  // its memory is kept
  void add(std::size_t place, std::size_t other) { arcs_.emplace_back(place, other); }
  void sort() { std::ranges::sort(arcs_); }

  // Whom `turn.place` was added with. After sort().
  [[nodiscard]] Places of(const Turn& turn) const {
    Places places = turn.no_places();
    const auto first = std::ranges::lower_bound(arcs_, std::pair(turn.place, std::size_t{0}));
    for (auto arc = first; arc != arcs_.end() && arc->first == turn.place; ++arc)
      places.push_back(arc->second);
    return places;
  }

 private:
  std::vector<std::pair<std::size_t, std::size_t>> arcs_;
};

}  // namespace gossip
