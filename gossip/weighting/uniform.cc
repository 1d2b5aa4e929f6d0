#include "gossip/weighting/kinds.h"

namespace gossip {
namespace {

// Everybody who gets something, the sender included, gets the same.
class Uniform final : public Weighting {
 public:
  [[nodiscard]] std::vector<double> shares(
      std::span<const runtime::PeerId> out_neighbours) const override {
    const std::size_t count = out_neighbours.size();
    return std::vector<double>(count, 1.0 / (static_cast<double>(count) + 1.0));
  }
};

}  // namespace

std::unique_ptr<Weighting> make_uniform() { return std::make_unique<Uniform>(); }

}  // namespace gossip
