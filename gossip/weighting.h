#pragma once
// How much of its mass a peer pushes to each out-neighbour: its own column of the mixing matrix.
// Column-stochastic by construction, since the sender keeps one minus the sum.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gossip/list.h"
#include "gossip/topology.h"
#include "runtime/peer_id.h"
#include "runtime/result.h"

namespace gossip {

// One push about to be made: who pushes to whom. Borrows everything for the call.
struct PushPlan {
  std::uint64_t round = 0;
  std::span<const runtime::PeerId> members{};  // whom the topology is computed over, self included
  runtime::PeerId self{};
  std::span<const runtime::PeerId> receivers{};  // topology->out_neighbours(round, members, self)
  const Topology* topology = nullptr;            // never null
  std::span<const double> squared_distances{};   // of the receivers from self, where asked for
  ListMemory memory = heap();                    // of the shares
};

class Weighting {
 public:
  virtual ~Weighting() = default;

  // A share in (0, 1) for each of plan.receivers, in their order; the sum is below one.
  [[nodiscard]] virtual List<double> shares(const PushPlan& plan) const = 0;

  // Whether this weighting makes sense on such a graph. Asked once, before the run.
  [[nodiscard]] virtual runtime::Status check(const Topology& /*topology*/) const { return {}; }
  // Whether plan.squared_distances is looked at. What it costs to know them is up to the caller.
  [[nodiscard]] virtual bool asks_distances() const { return false; }
};

struct WeightingOptions {
  std::string name = "uniform";
  double constant_share = 9.0 / 110.0;  // constant
  double moreau_v = 0.1;                // in (0, 1)
  double moreau_k = 10.0;               // above 0
};

struct WeightingName {
  std::string_view name;
  std::string_view summary;
};
[[nodiscard]] std::span<const WeightingName> weighting_names();

[[nodiscard]] runtime::Result<std::unique_ptr<Weighting>> make_weighting(
    const WeightingOptions& options);

}  // namespace gossip
