#include "gossip/protocol/kinds.h"

namespace gossip {
namespace {

// Push-sum: shares of x itself, as the codec has it.
class Shares final : public Protocol {
 public:
  explicit Shares(const Graph& graph) : graph_(graph) {}
  [[nodiscard]] Graph graph(std::uint64_t /*round*/) const override { return graph_; }
  [[nodiscard]] std::shared_ptr<const Snapshot> offer(Mass& mass, const Offer& offer) override {
    return mass.snapshot(offer.blocks, offer.seed);
  }
  void keep(Mass& mass, const Snapshot& offered, std::uint32_t block, double kept) override {
    mass.keep(offered, block, kept);
  }

 private:
  Graph graph_;
};

}  // namespace

std::unique_ptr<Protocol> make_shares(const ProtocolOptions& options) {
  return std::make_unique<Shares>(options.graph);
}

}  // namespace gossip
