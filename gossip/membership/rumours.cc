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

void Rumours::spread(const Rumour& rumour) {
  forget(rumour.about);
  rumours_[{0, rumour.about}] = rumour;
  times_[rumour.about] = 0;
}

void Rumours::forget(runtime::PeerId about) {
  const auto found = times_.find(about);
  if (found == times_.end()) return;
  rumours_.erase({found->second, about});
  times_.erase(found);
}

std::vector<Rumour> Rumours::take(std::size_t most, std::size_t members) {
  std::vector<std::pair<Place, Rumour>> told;
  while (told.size() < most && !rumours_.empty()) {
    told.push_back(*rumours_.begin());
    rumours_.erase(rumours_.begin());
  }
  std::vector<Rumour> taken;
  for (const auto& [place, rumour] : told) {
    const auto [times, about] = place;
    rumours_[{times + 1, about}] = rumour;
    times_[about] = times + 1;
    taken.push_back(rumour);
  }
  const std::size_t enough = times_to_tell(members);
  while (!rumours_.empty() && rumours_.rbegin()->first.first >= enough)
    forget(rumours_.rbegin()->first.second);
  return taken;
}

}  // namespace gossip
