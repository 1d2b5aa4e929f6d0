#pragma once
// How much of its mass a peer pushes to each out-neighbour: its own column of the mixing matrix.
// Column-stochastic by construction, since the sender keeps one minus the sum.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/peer_id.h"
#include "runtime/result.h"

namespace gossip {

class Weighting {
 public:
  virtual ~Weighting() = default;

  // A share in (0, 1) for each out-neighbour, in their order; the sum is below one.
  [[nodiscard]] virtual std::vector<double> shares(
      std::span<const runtime::PeerId> out_neighbours) const = 0;
};

struct WeightingName {
  std::string_view name;
  std::string_view summary;
};
[[nodiscard]] std::span<const WeightingName> weighting_names();

[[nodiscard]] runtime::Result<std::unique_ptr<Weighting>> make_weighting(std::string_view name);

}  // namespace gossip
