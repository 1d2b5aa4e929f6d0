#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace peers {

// How old the parcels mixed lately were, in rounds: the last kAgesMax of them.
class RecentAges {
 public:
  static constexpr std::size_t kAgesMax = 1024;

  void add(std::uint64_t age_rounds);
  [[nodiscard]] std::uint64_t quantile(
      double share) const;  // the smallest age that `share` of them do not exceed; none: 0

 private:
  std::array<std::uint64_t, kAgesMax> ages_{};
  std::size_t count_ = 0;  // ever added
};

}  // namespace peers
