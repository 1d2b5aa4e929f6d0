#include "gossip/topology/base_k_schedule.h"
#include "gossip/topology/kinds.h"
#include "gossip/topology/placed.h"
#include "gossip/topology/recent.h"

namespace gossip {
namespace {

// The rounds of the Base-(k+1) graph in turn, k = fanout.
class BaseK final : public SymmetricTopology {
 public:
  explicit BaseK(std::size_t fanout) : fanout_(fanout) {}
  [[nodiscard]] bool prescribes_shares() const override { return true; }

 private:
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    const auto schedule = schedule_of(turn.count);
    Places places;
    for (const ExchangeShare& other : exchanges_of(turn, *schedule)) places.push_back(other.place);
    return places;
  }
  [[nodiscard]] std::vector<double> shares_of(const Turn& turn) const override {
    const auto schedule = schedule_of(turn.count);
    std::vector<double> shares;
    for (const ExchangeShare& other : exchanges_of(turn, *schedule)) shares.push_back(other.share);
    return shares;
  }

  using Schedule = std::vector<ExchangeRound>;
  [[nodiscard]] std::shared_ptr<const Schedule> schedule_of(std::size_t count) const {
    return schedules_.at({.round = 0, .count = count},
                         [&] { return base_k_schedule(count, fanout_); });
  }
  [[nodiscard]] static const std::vector<ExchangeShare>& exchanges_of(const Turn& turn,
                                                                      const Schedule& schedule) {
    return schedule[turn.round % schedule.size()][turn.place];
  }

  std::size_t fanout_;
  mutable Recent<Schedule> schedules_;
};

}  // namespace

MadeTopology make_base_k(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"base-k\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<BaseK>(options.fanout));
}

}  // namespace gossip
