#include "gossip/weighting.h"

#include <array>

#include "gossip/weighting/kinds.h"

namespace gossip {
namespace {

constexpr std::array kNames{
    WeightingName{"uniform", "equal shares to each receiver and to oneself"},
    WeightingName{"moreau", "the farther a receiver's estimate, the larger its share"},
};
constexpr std::array kMakers{make_uniform, make_moreau};
static_assert(kNames.size() == kMakers.size());

std::string known_names() {
  std::string names;
  for (const WeightingName& known : kNames)
    names.append(names.empty() ? "" : ", ").append(known.name);
  return names;
}

}  // namespace

std::span<const WeightingName> weighting_names() { return kNames; }

runtime::Result<std::unique_ptr<Weighting>> make_weighting(const WeightingOptions& options) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i].name == options.name) return kMakers[i](options);
  return runtime::Error{"no weighting is called \"" + options.name +
                        "\"; there are: " + known_names()};
}

}  // namespace gossip
