#pragma once
// The graph that the neighbours in a ViewWorld make, among the living.

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/view_world.h"

namespace test {

class ViewGraph {
 public:
  explicit ViewGraph(const ViewWorld& world) {
    for (const runtime::PeerId peer : world.living()) {
      std::set<runtime::PeerId>& neighbours = neighbours_[peer];
      for (const runtime::PeerId other : world.view(peer).circle())
        if (other != peer) neighbours.insert(other);
    }
  }

  using Edge = std::pair<runtime::PeerId, runtime::PeerId>;
  // From one that holds the other for a neighbour to one that does not hold it for one.
  [[nodiscard]] std::set<Edge> one_sided() const {
    std::set<Edge> edges;
    for (const auto& [peer, neighbours] : neighbours_)
      for (const runtime::PeerId other : neighbours) {
        const auto found = neighbours_.find(other);
        if (found == neighbours_.end() || !found->second.contains(peer)) edges.emplace(peer, other);
      }
    return edges;
  }

  // Peers in each of the parts that no edge joins, the largest first.
  [[nodiscard]] std::vector<std::size_t> parts() const {
    std::vector<std::size_t> sizes;
    std::set<runtime::PeerId> seen;
    for (const auto& [start, neighbours] : neighbours_) {
      if (seen.contains(start)) continue;
      const std::size_t before = seen.size();
      std::vector<runtime::PeerId> waiting{start};
      seen.insert(start);
      while (!waiting.empty()) {
        const runtime::PeerId peer = waiting.back();
        waiting.pop_back();
        for (const runtime::PeerId other : neighbours_.at(peer))
          if (neighbours_.contains(other) && seen.insert(other).second) waiting.push_back(other);
      }
      sizes.push_back(seen.size() - before);
    }
    std::ranges::sort(sizes, std::greater<>());
    return sizes;
  }
  [[nodiscard]] bool connected() const { return parts().size() == 1; }

  [[nodiscard]] std::size_t degree(runtime::PeerId peer) const {
    return neighbours_.at(peer).size();
  }
  // Of pairs of a peer's neighbours, how many are neighbours: the mean over peers with two or more.
  [[nodiscard]] double clustering() const {
    double sum = 0.0;
    std::size_t counted = 0;
    for (const auto& [peer, neighbours] : neighbours_) {
      if (neighbours.size() < 2) continue;
      std::size_t joined = 0;
      for (const runtime::PeerId one : neighbours)
        for (const runtime::PeerId other : neighbours)
          if (one < other && neighbours_.contains(one) && neighbours_.at(one).contains(other))
            ++joined;
      const std::size_t pairs = neighbours.size() * (neighbours.size() - 1) / 2;
      sum += static_cast<double>(joined) / static_cast<double>(pairs);
      ++counted;
    }
    return counted == 0 ? 0.0 : sum / static_cast<double>(counted);
  }

 private:
  std::map<runtime::PeerId, std::set<runtime::PeerId>> neighbours_;
};

}  // namespace test
