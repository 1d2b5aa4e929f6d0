#pragma once
// The one idea: a peer owns mass (x, w) a block, reads its model as the estimate z = x / w, and
// moves x and w always together, by one factor. (Push-sum: Kempe et al. 2003; with gradients:
// Stochastic Gradient Push, Assran et al. 2019.)

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gossip/inbox.h"
#include "gossip/layout.h"
#include "gossip/parcel.h"
#include "kernels/backend.h"

namespace gossip {

// The trainer's mass. x lives on the backend's device. Used by the trainer thread only.
class Mass {
 public:
  // Starts from the estimate `start` (host, one number a parameter) with weight one.
  Mass(const BlockLayout& layout, kernels::Backend& backend, kernels::ConstView start);
  Mass(const Mass&) = delete;
  Mass& operator=(const Mass&) = delete;

  [[nodiscard]] kernels::View x();
  [[nodiscard]] double weight(std::uint32_t block) const { return kept_[block] * weights_[block]; }
  [[nodiscard]] double mean_weight() const;  // over blocks; 1 for a model without parameters
  void estimate(kernels::View z) const;      // z = x / w, on the device

  void fold(std::span<const BlockArrival> arrivals);  // x += x', w += w'
  // x *= factor, w *= factor: what a push has left. 0: everything was handed over. Noted only; x is
  // scaled when it is next written or copied, which saves a pass over memory that the caches no
  // longer hold. The estimate does not change, so nobody reads the difference.
  void keep(std::uint32_t block, double factor);

  // One copy of x on the host, with its weights. The memory is used again once the last parcel of
  // an earlier snapshot has been dropped, so a steady run allocates none.
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot();

 private:
  class SnapshotPool;
  void apply_kept(std::uint32_t block);

  const BlockLayout* layout_;
  kernels::Backend* backend_;
  kernels::Buffer x_;
  kernels::Buffer arrived_;      // device copy of an arrival, where device memory is not the host's
  std::vector<double> weights_;  // what x_ holds times ...
  std::vector<double> kept_;     // ... what of it is still ours
  std::shared_ptr<SnapshotPool> pool_;
};

}  // namespace gossip
