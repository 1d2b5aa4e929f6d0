#pragma once
// Who a peer pushes to: each topology is a pure function of (round, sorted living members, self).
// The graph is directed and may change every round; the sender alone decides its out-neighbours.
// Any number of threads may ask one topology at once.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gossip/list.h"
#include "runtime/peer_id.h"
#include "runtime/result.h"

namespace gossip {

class Topology {
 public:
  virtual ~Topology() = default;

  // The peers that `self` pushes to in `round`, sorted, without itself, each one of `members`
  // (sorted, self among them).
  [[nodiscard]] virtual List<runtime::PeerId> out_neighbours(
      std::uint64_t round, std::span<const runtime::PeerId> members, runtime::PeerId self,
      ListMemory memory = heap()) const = 0;

  // Who pushes to `self` in `round`, sorted. The default asks everybody.
  [[nodiscard]] virtual List<runtime::PeerId> in_neighbours(
      std::uint64_t round, std::span<const runtime::PeerId> members, runtime::PeerId self,
      ListMemory memory = heap()) const;

  // The share of its mass that `self` gives to each of its out_neighbours(), in their order, where
  // the topology prescribes one; each in (0, 1), their sum below one. Empty: it prescribes none.
  [[nodiscard]] virtual List<double> shares(std::uint64_t /*round*/,
                                            std::span<const runtime::PeerId> /*members*/,
                                            runtime::PeerId /*self*/,
                                            ListMemory memory = heap()) const {
    return List<double>(memory);
  }
  [[nodiscard]] virtual bool prescribes_shares() const { return false; }

  // Whether in every round, of any members, those whom a peer pushes to push to it.
  [[nodiscard]] virtual bool symmetric() const { return false; }

  // Whether a peer's members are those it keeps a view of (Exchange::circle()), not all of the run:
  // then nobody knows another's receivers, and the run as a whole has no graph to compute.
  [[nodiscard]] virtual bool of_view() const { return false; }

  // Whether the graph is the same in every round.
  [[nodiscard]] virtual bool constant() const { return false; }

  // After how many rounds all of so many members hold the exact mean, with the shares prescribed or
  // else equal ones, where those begin at a multiple of that many. Empty: they never do, or not for
  // certain.
  [[nodiscard]] virtual std::optional<std::uint64_t> rounds_to_average(
      std::size_t /*peer_count*/) const {
    return std::nullopt;
  }

  // Whether the graph of some of the members is that of all with the others left out. Then peers
  // in step need not agree on who is there.
  [[nodiscard]] virtual bool induced() const { return false; }

  // Whether this topology is meant for a run of so many peers. Asked once, before the run; peers
  // that die later do no harm.
  [[nodiscard]] virtual runtime::Status check(std::size_t /*peer_count*/) const { return {}; }
};

struct TopologyOptions {
  std::string name = "one-peer-exponential";
  std::size_t fanout = 1;  // what it counts: topology_names()
  std::uint64_t seed = 1;  // the same for all peers, so that each can compute everybody's choice
  std::string file{};      // file
};

// Names that make_topology knows, for messages and `murmur list`.
struct TopologyName {
  std::string_view name;
  std::string_view summary;
};
[[nodiscard]] std::span<const TopologyName> topology_names();

[[nodiscard]] runtime::Result<std::unique_ptr<Topology>> make_topology(
    const TopologyOptions& options);

}  // namespace gossip
