#include "gossip/protocol/kinds.h"

namespace gossip {
namespace {

// Push-sum.
class Shares final : public SharesOfMass {
 public:
  explicit Shares(const Graph& graph) : graph_(graph) {}
  [[nodiscard]] Graph graph(std::uint64_t /*round*/) const override { return graph_; }

 private:
  Graph graph_;
};

}  // namespace

std::unique_ptr<Protocol> make_shares(const ProtocolOptions& options) {
  return std::make_unique<Shares>(options.graph);
}

}  // namespace gossip
