#include <algorithm>

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
  [[nodiscard]] std::optional<std::uint64_t> rounds_to_average(
      std::size_t peer_count) const override;

 private:
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    Places places = turn.no_places();
    for_each_exchange(turn, [&](const ExchangeShare& other) { places.push_back(other.place); });
    return places;
  }
  [[nodiscard]] List<double> shares_of(const Turn& turn) const override {
    List<double> shares(turn.memory);
    for_each_exchange(turn, [&](const ExchangeShare& other) { shares.push_back(other.share); });
    return shares;
  }

  using Schedule = std::vector<ExchangeRound>;
  template <typename Read>
  auto with_schedule(std::size_t count, const Read& read) const {
    return schedules_.ask(
        {.round = 0, .count = count},
        [&](Schedule& schedule) { schedule = base_k_schedule(count, fanout_); }, read);
  }
  template <typename Use>
  void for_each_exchange(const Turn& turn, const Use& use) const {
    with_schedule(turn.count, [&](const Schedule& schedule) {
      std::ranges::for_each(schedule[turn.round % schedule.size()][turn.place], use);
    });
  }

  std::size_t fanout_;
  mutable Recent<Schedule> schedules_;
};

std::optional<std::uint64_t> BaseK::rounds_to_average(std::size_t peer_count) const {
  return with_schedule(peer_count, [](const Schedule& schedule) { return schedule.size(); });
}

}  // namespace

MadeTopology make_base_k(const TopologyOptions& options) {
  if (options.fanout == 0)
    return runtime::Error{"topology \"base-k\": fanout is 0, expected at least 1"};
  return std::unique_ptr<Topology>(std::make_unique<BaseK>(options.fanout));
}

}  // namespace gossip
