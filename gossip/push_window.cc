#include "gossip/push_window.h"

#include <algorithm>

namespace gossip {
namespace {

constexpr double kRoundsOverlapped = 4.0;  // up to here an acknowledgement is not waited for
constexpr double kLate = 2.0;              // times what the quickest takes: not the link's doing
constexpr double kLateMin = 2.0 * kRoundsOverlapped;
constexpr double kMemory = 0.75;
// Worth a copy of a large model: what SWIM needs to find somebody dead is far less.
constexpr runtime::Duration kLargeLateMin{30'000'000'000};

}  // namespace

void PushWindow::acknowledged(runtime::PeerId to, std::uint64_t rounds) {
  const auto now = static_cast<double>(rounds);
  const auto [known, first] = rounds_.try_emplace(to, now);
  if (!first) known->second = kMemory * known->second + (1.0 - kMemory) * now;
}

std::optional<double> PushWindow::rounds_of_quickest() const {
  const auto quickest = std::ranges::min_element(
      rounds_, {}, [](const auto& peer_and_rounds) { return peer_and_rounds.second; });
  if (quickest == rounds_.end()) return std::nullopt;
  return quickest->second;
}

bool PushWindow::may_push(std::span<const UnderWay> under_way, std::uint64_t round,
                          bool steps_between) const {
  if (under_way.empty()) return true;
  const std::optional<double> quickest = rounds_of_quickest();
  if (!quickest) return false;
  if (may_overlap_ && *quickest <= kRoundsOverlapped) return true;
  if (!steps_between) return false;
  const double late = std::max(kLateMin, kLate * *quickest);
  return std::ranges::all_of(under_way, [&](const UnderWay& push) {
    return static_cast<double>(round - std::min(round, push.round)) > late &&
           (may_overlap_ || push.age > kLargeLateMin);
  });
}

}  // namespace gossip
