#pragma once
// Who a peer pushes to: each topology is a pure function of (round, sorted living members, self).
// The graph is directed and may change every round; the sender alone decides its out-neighbours.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/peer_id.h"
#include "runtime/result.h"

namespace gossip {

class Topology {
 public:
  virtual ~Topology() = default;

  // The peers that `self` pushes to in `round`, sorted, without itself, each one of `members`
  // (sorted, self among them).
  [[nodiscard]] virtual std::vector<runtime::PeerId> out_neighbours(
      std::uint64_t round, std::span<const runtime::PeerId> members,
      runtime::PeerId self) const = 0;

  // Whether this topology is meant for a run of so many peers. Asked once, before the run; peers
  // that die later do no harm.
  [[nodiscard]] virtual runtime::Status check(std::size_t /*peer_count*/) const { return {}; }
};

struct TopologyOptions {
  std::string name = "one-peer-exponential";
  std::size_t fanout = 1;  // random-k
  std::uint64_t seed =
      1;  // random-k: the same for all peers, so that each can compute everybody's choice
  std::string file{};  // file
};

// Names that make_topology knows, for messages and `murmur list`.
struct TopologyName {
  std::string_view name;
  std::string_view summary;
};
[[nodiscard]] std::span<const TopologyName> topology_names();

[[nodiscard]] runtime::Result<std::unique_ptr<Topology>> make_topology(
    const TopologyOptions& options);

// Who pushes to `self` in `round`: everybody's choice, inverted. Sorted.
[[nodiscard]] std::vector<runtime::PeerId> in_neighbours(const Topology& topology,
                                                         std::uint64_t round,
                                                         std::span<const runtime::PeerId> members,
                                                         runtime::PeerId self);

}  // namespace gossip
