#include "gossip/membership/rumours.h"

#include <algorithm>
#include <cmath>

namespace gossip {

std::size_t times_to_tell(std::size_t members) {
  constexpr double kMultiplier = 3.0;
  return static_cast<std::size_t>(
      kMultiplier *
      std::ceil(std::log10(static_cast<double>(std::max<std::size_t>(1, members)) + 1.0)));
}

void Rumours::spread(const Rumour& rumour) { rumours_[rumour.about] = {.rumour = rumour}; }

std::vector<Rumour> Rumours::take(std::size_t most, std::size_t members) {
  std::vector<Told*> order;
  for (auto& [about, told] : rumours_) order.push_back(&told);
  std::ranges::stable_sort(order, {}, [](const Told* told) { return told->times; });
  order.resize(std::min(order.size(), most));
  std::vector<Rumour> taken;
  for (Told* told : order) {
    taken.push_back(told->rumour);
    ++told->times;
  }
  const std::size_t enough = times_to_tell(members);
  std::erase_if(rumours_, [enough](const auto& entry) { return entry.second.times >= enough; });
  return taken;
}

}  // namespace gossip
